# MAYFLY_MPIS: the MPIs found, the default first; for each an interface library mpi_NAME, which is
# installed too: it holds plain paths and flags, so that whoever links us needs no find_package(MPI).
#
# Debian installs Open MPI and MPICH side by side, each with a compiler wrapper of its own that
# tells its flags. Elsewhere there is one, which find_package(MPI) knows; it is called "mpi".

# mayfly_find_mpi(NAME WRAPPER FLAG): `WRAPPER FLAG` prints the compiler's command line.
function(mayfly_find_mpi name wrapper flag)
  find_program(MAYFLY_MPI_WRAPPER_${name} ${wrapper})
  if(NOT MAYFLY_MPI_WRAPPER_${name})
    return()
  endif()
  execute_process(COMMAND ${MAYFLY_MPI_WRAPPER_${name}} ${flag}
                  OUTPUT_VARIABLE command OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    return()
  endif()
  separate_arguments(words UNIX_COMMAND "${command}")
  list(POP_FRONT words)
  list(FILTER words EXCLUDE REGEX "^-l(mpi_cxx|mpichcxx)$")
  set(includes ${words})
  list(FILTER includes INCLUDE REGEX "^-I")
  list(TRANSFORM includes REPLACE "^-I" "")
  set(links ${words})
  list(FILTER links INCLUDE REGEX "^-(L|l|Wl,)")
  add_library(mpi_${name} INTERFACE)
  target_include_directories(mpi_${name} SYSTEM INTERFACE ${includes})
  target_link_libraries(mpi_${name} INTERFACE ${links})
  set(MAYFLY_MPIS ${MAYFLY_MPIS} ${name} PARENT_SCOPE)
endfunction()

set(MAYFLY_MPIS)
mayfly_find_mpi(openmpi mpicxx.openmpi --showme)
if(NOT MAYFLY_ONE_MPI OR NOT MAYFLY_MPIS)
  mayfly_find_mpi(mpich mpicxx.mpich -show)
endif()
if(NOT MAYFLY_MPIS)
  # Its C interface is all that we use.
  find_package(MPI COMPONENTS C)
  if(MPI_C_FOUND)
    separate_arguments(link_flags UNIX_COMMAND "${MPI_C_LINK_FLAGS}")
    add_library(mpi_mpi INTERFACE)
    target_include_directories(mpi_mpi SYSTEM INTERFACE ${MPI_C_INCLUDE_DIRS})
    target_link_libraries(mpi_mpi INTERFACE ${link_flags} ${MPI_C_LIBRARIES})
    set(MAYFLY_MPIS mpi)
  endif()
endif()
# The C++ bindings were removed from MPI long ago; nothing of ours uses what is left of them.
foreach(mpi IN LISTS MAYFLY_MPIS)
  target_compile_definitions(mpi_${mpi} INTERFACE OMPI_SKIP_MPICXX=1 MPICH_SKIP_MPICXX=1)
endforeach()
