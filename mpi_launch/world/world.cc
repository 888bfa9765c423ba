// libmayfly_world: under `mayfly run` a program's MPI_COMM_WORLD has the ranks that compute. It
// stands before the MPI library, and answers both MPI_x, which C programs call, and PMPI_x, which
// Open MPI's Fortran glue and profiling tools do.
//
// When the program calls MPI_Init, the servers of its node are told, and a stand-in takes part in
// their place: MPI_Init and MPI_Finalize are for all ranks of a launch. Without $MAYFLY_POSTS, and
// in programs that do not use MPI, it does nothing; it is not linked with an MPI library.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#define OMPI_OMIT_MPI1_COMPAT_DECLS 0
#define OMPI_WANT_MPI_INTERFACE_WARNING 0
#include <dlfcn.h>
#include <mpi.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

#include "protocol/node_post.h"

// The names that the standard has given up are answered all the same.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace {

#ifdef OPEN_MPI
constexpr const char* kLibraries[] = {"libmpi.so.40", "libmpi.so"};
#else
constexpr const char* kLibraries[] = {"libmpich.so.12", "libmpi.so.12", "libmpi.so"};
#endif

/// `name`: what shows it.
[[noreturn]] void refuse_program(const char* name) {
  std::fprintf(stderr,
               "mayfly: the program's MPI is not the one whose mpirun has started it (%s; %s): "
               "start it with its own.\n",
               kLibraries[0], name);
  std::_Exit(EXIT_FAILURE);
}

/// Behind us; or, if a program's plugin has loaded the MPI for itself alone, in there.
void* find_real(const char* name) {
  if (void* const found = ::dlsym(RTLD_NEXT, name)) return found;
  for (const char* const library : kLibraries) {
    void* const handle = ::dlopen(library, RTLD_NOW | RTLD_NOLOAD);
    void* const found = handle == nullptr ? nullptr : ::dlsym(handle, name);
    if (found != nullptr) return found;
  }
  refuse_program(name);
}

#ifdef OPEN_MPI
/// The linker may have put them into the program itself.
MPI_Comm find_object(const char* name) {
  void* const found = ::dlsym(RTLD_DEFAULT, name);
  return static_cast<MPI_Comm>(found == nullptr ? find_real(name) : found);
}

MPI_Comm real_world() {
  static const MPI_Comm world = find_object("ompi_mpi_comm_world");
  return world;
}

MPI_Comm real_self() { return find_object("ompi_mpi_comm_self"); }

/// Its world is looked for, and where there is none, that is said.
void check_program() { real_world(); }
#else
MPI_Comm real_world() { return MPI_COMM_WORLD; }
MPI_Comm real_self() { return MPI_COMM_SELF; }

/// Open MPI takes handles that are pointers, and would follow ours.
void check_program() {
  constexpr const char* kForeign = "ompi_mpi_comm_world";
  if (::dlsym(RTLD_DEFAULT, kForeign) != nullptr) refuse_program(kForeign);
}
#endif

/// Set by MPI_Init, before other threads may call MPI.
bool is_narrowed = false;
MPI_Comm programs;  ///< the ranks that compute

MPI_Comm narrow(MPI_Comm communicator) {
  return is_narrowed && communicator == real_world() ? programs : communicator;
}

}  // namespace

#define MAYFLY_REAL_MPI(type, name, parameters)                                       \
  ([] {                                                                               \
    static auto* const found = reinterpret_cast<type(*) parameters>(find_real(name)); \
    return found;                                                                     \
  }())

#define MAYFLY_WRAP(type, name, parameters, arguments)                            \
  extern "C" __attribute__((visibility("default"))) type MPI_##name parameters {  \
    return MAYFLY_REAL_MPI(type, "MPI_" #name, parameters) arguments;             \
  }                                                                               \
  extern "C" __attribute__((visibility("default"))) type PMPI_##name parameters { \
    return MAYFLY_REAL_MPI(type, "PMPI_" #name, parameters) arguments;            \
  }

#include "world_wrappers.inc"

// What is written by hand: name_either is the function for both names.
#define MAYFLY_EITHER(type, name, parameters, arguments)                          \
  extern "C" __attribute__((visibility("default"))) type MPI_##name parameters {  \
    return name##_either arguments;                                               \
  }                                                                               \
  extern "C" __attribute__((visibility("default"))) type PMPI_##name parameters { \
    return name##_either arguments;                                               \
  }

namespace {

void say_to_servers(char kind) {
  const char* const posts = std::getenv("MAYFLY_POSTS");
  std::istringstream names(posts == nullptr ? "" : posts);
  for (std::string name; names >> name;) {
    if (mayfly::NodePost::say(name, kind)) continue;
    std::fprintf(stderr, "mayfly: a server of this node does not listen any more.\n");
    std::abort();
  }
}

/// The last of what hangs on MPI_COMM_SELF to be freed, at the beginning of MPI_Finalize: all the
/// program's own has been called, with a world as it knows it.
int on_finalize(MPI_Comm /*self*/, int /*key*/, void* /*value*/, void* /*state*/) {
  MAYFLY_REAL_MPI(int, "PMPI_Barrier", (MPI_Comm))(programs);
  is_narrowed = false;
  MAYFLY_REAL_MPI(int, "PMPI_Comm_free", (MPI_Comm*))(&programs);
  say_to_servers('F');
  return MPI_SUCCESS;
}

int do_not_copy(MPI_Comm /*old*/, int /*key*/, void* /*state*/, void* /*value*/, void* /*copy*/,
                int* is_copied) {
  *is_copied = 0;
  return MPI_SUCCESS;
}

void narrow_world() {
  int rank = 0;
  MAYFLY_REAL_MPI(int, "PMPI_Comm_rank", (MPI_Comm, int*))(real_world(), &rank);
  MAYFLY_REAL_MPI(int, "PMPI_Comm_split", (MPI_Comm, int, int, MPI_Comm*))
  (real_world(), 0, rank, &programs);
  MAYFLY_REAL_MPI(int, "PMPI_Comm_set_name", (MPI_Comm, const char*))(programs, "MPI_COMM_WORLD");
  int key = MPI_KEYVAL_INVALID;
  MAYFLY_REAL_MPI(int, "PMPI_Comm_create_keyval",
                  (MPI_Comm_copy_attr_function*, MPI_Comm_delete_attr_function*, int*, void*))
  (&do_not_copy, &on_finalize, &key, nullptr);
  MAYFLY_REAL_MPI(int, "PMPI_Comm_set_attr", (MPI_Comm, int, void*))(real_self(), key, nullptr);
  is_narrowed = true;
}

template <class Start>
int initialize(Start start) {
  const bool has_servers = std::getenv("MAYFLY_POSTS") != nullptr;
  if (has_servers) {
    check_program();
    say_to_servers('M');
  }
  const int result = start();
  if (has_servers && result == MPI_SUCCESS) narrow_world();
  return result;
}

int Init_either(int* count, char*** words) {
  return initialize(
      [&] { return MAYFLY_REAL_MPI(int, "PMPI_Init", (int*, char***))(count, words); });
}

int Init_thread_either(int* count, char*** words, int wanted, int* given) {
  return initialize([&] {
    return MAYFLY_REAL_MPI(int, "PMPI_Init_thread", (int*, char***, int, int*))(count, words,
                                                                                wanted, given);
  });
}

/// The servers go too.
int Abort_either(MPI_Comm communicator, int code) {
  const bool is_world = is_narrowed && communicator == programs;
  return MAYFLY_REAL_MPI(int, "PMPI_Abort", (MPI_Comm, int))(is_world ? real_world() : communicator,
                                                             code);
}

/// They hang on the real world only.
bool is_predefined(int key) {
  return key == MPI_TAG_UB || key == MPI_HOST || key == MPI_IO || key == MPI_WTIME_IS_GLOBAL ||
         key == MPI_APPNUM || key == MPI_UNIVERSE_SIZE || key == MPI_LASTUSEDCODE;
}

int Comm_get_attr_either(MPI_Comm communicator, int key, void* value, int* found) {
  return MAYFLY_REAL_MPI(int, "PMPI_Comm_get_attr", (MPI_Comm, int, void*, int*))(
      is_predefined(key) ? communicator : narrow(communicator), key, value, found);
}

int Attr_get_either(MPI_Comm communicator, int key, void* value, int* found) {
  return Comm_get_attr_either(communicator, key, value, found);
}

/// Errors that belong to no communicator go to the real world's handler.
int Comm_set_errhandler_either(MPI_Comm communicator, MPI_Errhandler handler) {
  auto* const set = MAYFLY_REAL_MPI(int, "PMPI_Comm_set_errhandler", (MPI_Comm, MPI_Errhandler));
  if (narrow(communicator) != communicator) set(communicator, handler);
  return set(narrow(communicator), handler);
}

int Errhandler_set_either(MPI_Comm communicator, MPI_Errhandler handler) {
  return Comm_set_errhandler_either(communicator, handler);
}

#ifdef OPEN_MPI
/// While Fortran asks for a predefined attribute, its glue must get the real world.
thread_local bool wants_real_world = false;

/// Every Fortran call turns its integer into a handle here.
MPI_Comm Comm_f2c_either(MPI_Fint integer) {
  const MPI_Comm real = MAYFLY_REAL_MPI(MPI_Comm, "PMPI_Comm_f2c", (MPI_Fint))(integer);
  return wants_real_world ? real : narrow(real);
}
#endif

}  // namespace

MAYFLY_EITHER(int, Init, (int* count, char*** words), (count, words))
MAYFLY_EITHER(int, Init_thread, (int* count, char*** words, int wanted, int* given),
              (count, words, wanted, given))
MAYFLY_EITHER(int, Abort, (MPI_Comm communicator, int code), (communicator, code))
MAYFLY_EITHER(int, Comm_get_attr, (MPI_Comm communicator, int key, void* value, int* found),
              (communicator, key, value, found))
MAYFLY_EITHER(int, Attr_get, (MPI_Comm communicator, int key, void* value, int* found),
              (communicator, key, value, found))
MAYFLY_EITHER(int, Comm_set_errhandler, (MPI_Comm communicator, MPI_Errhandler handler),
              (communicator, handler))
MAYFLY_EITHER(int, Errhandler_set, (MPI_Comm communicator, MPI_Errhandler handler),
              (communicator, handler))

#ifdef OPEN_MPI
MAYFLY_EITHER(MPI_Comm, Comm_f2c, (MPI_Fint integer), (integer))

#define MAYFLY_FORTRAN_ATTRIBUTE(name)                                                    \
  extern "C" __attribute__((visibility("default"))) void name(                            \
      MPI_Fint* communicator, MPI_Fint* key, void* value, void* found, MPI_Fint* error) { \
    wants_real_world = is_predefined(*key);                                               \
    MAYFLY_REAL_MPI(void, #name, (MPI_Fint*, MPI_Fint*, void*, void*, MPI_Fint*))         \
    (communicator, key, value, found, error);                                             \
    wants_real_world = false;                                                             \
  }
MAYFLY_FORTRAN_ATTRIBUTE(mpi_comm_get_attr_)
MAYFLY_FORTRAN_ATTRIBUTE(mpi_attr_get_)
MAYFLY_FORTRAN_ATTRIBUTE(pmpi_comm_get_attr_)
MAYFLY_FORTRAN_ATTRIBUTE(pmpi_attr_get_)
MAYFLY_FORTRAN_ATTRIBUTE(ompi_comm_get_attr_f)
MAYFLY_FORTRAN_ATTRIBUTE(ompi_attr_get_f)

// Its Fortran glue for these two goes to PMPI_Init, which is ours already.
#endif
