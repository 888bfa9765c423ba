# Compiler flags that every target of ours gets.
add_library(mayfly_flags INTERFACE)
target_compile_options(mayfly_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual)
target_include_directories(mayfly_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
  # clang 14 has std coroutines but does not yet announce them to libstdc++.
  target_compile_definitions(mayfly_flags INTERFACE __cpp_impl_coroutine=201902L)
endif()

# What nearly every source includes is a third of the time that it takes to compile. A compiler cache
# does not get on with precompiled headers, and does without.
if(CMAKE_CXX_COMPILER_LAUNCHER)
  set(MAYFLY_PRECOMPILE OFF)
else()
  set(MAYFLY_PRECOMPILE ON)
endif()
set(MAYFLY_COMMON_HEADERS
  <algorithm> <chrono> <coroutine> <deque> <functional> <map> <memory> <optional> <span> <string>
  <unordered_map> <variant> <vector> <fmt/format.h> <spdlog/spdlog.h>)

# mayfly_export_only(TARGET MAP): the shared library exports what the version script MAP names.
function(mayfly_export_only target map)
  target_link_options(${target} PRIVATE -Wl,--version-script=${map})
  set_property(TARGET ${target} PROPERTY LINK_DEPENDS ${map})
endfunction()

# Where the programs that users start are put. Tests stay where they are.
set(MAYFLY_PROGRAM_DIR ${CMAKE_BINARY_DIR}/bin)

if(MAYFLY_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "MAYFLY_FUZZ needs clang: cmake --preset clang -DMAYFLY_FUZZ=ON")
  endif()
  # clang 14 cannot compile coroutines under its check of function types. The other checks that are
  # left out take a third of the time that everything takes to compile: the address sanitizer finds
  # the same, but for alignment, which the preset asan checks.
  set(MAYFLY_UNDEFINED -fsanitize=undefined -fno-sanitize-recover=all
      -fno-sanitize=function,null,vptr,object-size,alignment)
  add_compile_options(-fsanitize=address ${MAYFLY_UNDEFINED})
  # Of what computes little: sanitized, it takes more time to be optimized than it runs.
  set(MAYFLY_UNOPTIMIZED -O0)
  add_link_options(-fsanitize=address,undefined)
endif()
if(MAYFLY_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
