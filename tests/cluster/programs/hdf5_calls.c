/* Parallel HDF5: hdf5_calls FILE. All ranks write one dataset by collective calls, close it, open
 * it again, and compare the part that the next rank has written. Prints "RANK of RANKS: N wrong".
 */
#include <hdf5.h>
#include <mpi.h>
#include <stdio.h>

enum { ROWS = 64, COLUMNS = 1000 };

static int rank, ranks;
static double values[ROWS][COLUMNS];

static hid_t open_file(const char* path, int creates) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_mpio(access, MPI_COMM_WORLD, MPI_INFO_NULL);
  hid_t file = creates ? H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access)
                       : H5Fopen(path, H5F_ACC_RDONLY, access);
  H5Pclose(access);
  return file;
}

/* The rows of one rank, in the file and in memory; collective. */
static herr_t transfer(hid_t set, int of_rank, int writes) {
  hsize_t start[] = {(hsize_t)of_rank * ROWS, 0}, count[] = {ROWS, COLUMNS};
  hid_t all = H5Dget_space(set), mine = H5Screate_simple(2, count, NULL);
  hid_t how = H5Pcreate(H5P_DATASET_XFER);
  H5Pset_dxpl_mpio(how, H5FD_MPIO_COLLECTIVE);
  H5Sselect_hyperslab(all, H5S_SELECT_SET, start, NULL, count, NULL);
  herr_t status = writes ? H5Dwrite(set, H5T_NATIVE_DOUBLE, mine, all, how, values)
                         : H5Dread(set, H5T_NATIVE_DOUBLE, mine, all, how, values);
  H5Pclose(how);
  H5Sclose(mine);
  H5Sclose(all);
  return status;
}

int main(int argc, char** argv) {
  int wrong = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (argc != 2) return 2;
  for (int row = 0; row < ROWS; ++row) {
    for (int column = 0; column < COLUMNS; ++column)
      values[row][column] = rank * 1e6 + row + column;
  }
  hsize_t size[] = {(hsize_t)ranks * ROWS, COLUMNS};
  hid_t file = open_file(argv[1], 1), space = H5Screate_simple(2, size, NULL);
  hid_t set =
      H5Dcreate2(file, "values", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  wrong += transfer(set, rank, 1) < 0;
  H5Dclose(set);
  H5Sclose(space);
  wrong += H5Fclose(file) < 0;

  int next = (rank + 1) % ranks;
  file = open_file(argv[1], 0);
  set = H5Dopen2(file, "values", H5P_DEFAULT);
  wrong += transfer(set, next, 0) < 0;
  for (int row = 0; row < ROWS; ++row) {
    for (int column = 0; column < COLUMNS; ++column) {
      wrong += values[row][column] != next * 1e6 + row + column;
    }
  }
  H5Dclose(set);
  /* The file is left to MPI_Finalize, from which HDF5 closes it. */
  printf("%d of %d: %d wrong\n", rank, ranks, wrong);
  MPI_Finalize();
  return wrong != 0;
}
