# cmake --install: the programs, libmayfly, its headers, find_package(MayflyFS), pkg-config mayfly;
# and what MPI programs need (MayflyInstallMpi).
include(CMakePackageConfigHelpers)

set(MAYFLY_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/MayflyFS)

# A pkg-config file finds its prefix from its own place, so that an installed tree can be moved.
file(RELATIVE_PATH MAYFLY_PREFIX_FROM_PC /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
function(mayfly_install_pc template name)
  configure_file(${template} ${name} @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# The main job is built once per MPI: mpi_launch says where it goes.
set_target_properties(mayfly PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${MAYFLY_PROGRAM_DIR})
install(TARGETS mayfly RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

if(TARGET mayfly_shared)
  target_include_directories(mayfly_shared INTERFACE
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  install(TARGETS mayfly_shared EXPORT MayflyFSTargets
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY include/mayfly DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
  install(EXPORT MayflyFSTargets NAMESPACE MayflyFS:: DESTINATION ${MAYFLY_PACKAGE_DIR})

  configure_package_config_file(cmake/MayflyFSConfig.cmake.in MayflyFSConfig.cmake
                                INSTALL_DESTINATION ${MAYFLY_PACKAGE_DIR})
  write_basic_package_version_file(MayflyFSConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  mayfly_install_pc(cmake/mayfly.pc.in mayfly.pc)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/MayflyFSConfig.cmake
                ${CMAKE_CURRENT_BINARY_DIR}/MayflyFSConfigVersion.cmake
          DESTINATION ${MAYFLY_PACKAGE_DIR})
  include(MayflyInstallMpi)
endif()
