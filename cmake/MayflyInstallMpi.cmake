# mayfly_install_mpi(NAME): libmayfly_mpi_NAME, MayflyFS::mayfly_mpi_NAME for find_package and
# mayfly-mpi-NAME for pkg-config. Whoever links it gets libmayfly and the MPI that it was built for.
function(mayfly_install_mpi name)
  # Side by side with libmayfly, wherever the tree is moved to.
  set_target_properties(mayfly_mpi_${name} PROPERTIES INSTALL_RPATH "$ORIGIN")
  target_link_libraries(mayfly_mpi_${name} INTERFACE mayfly_shared mpi_${name})
  install(TARGETS mayfly_mpi_${name} mpi_${name} EXPORT MayflyFSTargets
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

  get_target_property(includes mpi_${name} INTERFACE_INCLUDE_DIRECTORIES)
  get_target_property(definitions mpi_${name} INTERFACE_COMPILE_DEFINITIONS)
  get_target_property(links mpi_${name} INTERFACE_LINK_LIBRARIES)
  list(TRANSFORM includes PREPEND -I)
  list(TRANSFORM definitions PREPEND -D)
  list(JOIN includes " " includes)
  list(JOIN definitions " " definitions)
  list(JOIN links " " MAYFLY_MPI_LINKS)
  set(MAYFLY_MPI_CFLAGS "${includes} ${definitions}")
  set(MAYFLY_MPI_NAME ${name})
  mayfly_install_pc(${CMAKE_SOURCE_DIR}/cmake/mayfly-mpi.pc.in mayfly-mpi-${name}.pc)
endfunction()

foreach(mpi IN LISTS MAYFLY_MPIS)
  mayfly_install_mpi(${mpi})
endforeach()
