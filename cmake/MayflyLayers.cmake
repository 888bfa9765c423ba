# mayfly_layer(NAME LAYERS lower... LIBRARIES external... [HEADER path] [TOGETHER])
# The library mayfly_NAME of all sources in src/NAME. tests/lint checks that the folder's includes
# are covered by its LAYERS. TOGETHER: without a compiler cache its sources are compiled ten at a time,
# as most of each is what all of them include; names that are private to a source must differ then.
function(mayfly_layer name)
  cmake_parse_arguments(LAYER "TOGETHER" "HEADER" "LAYERS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  list(TRANSFORM LAYER_LAYERS PREPEND mayfly_)
  if(sources)
    add_library(mayfly_${name} STATIC ${sources})
    target_link_libraries(mayfly_${name} PUBLIC mayfly_flags ${LAYER_LAYERS} ${LAYER_LIBRARIES})
    if(MAYFLY_PRECOMPILE AND LAYER_HEADER)
      # What all of its sources include is most of what each of them takes to compile.
      target_precompile_headers(mayfly_${name} PRIVATE
        ${MAYFLY_COMMON_HEADERS} ${CMAKE_SOURCE_DIR}/src/${LAYER_HEADER})
    elseif(MAYFLY_PRECOMPILE AND name STREQUAL "base")
      target_precompile_headers(mayfly_base PRIVATE ${MAYFLY_COMMON_HEADERS})
    elseif(MAYFLY_PRECOMPILE)
      target_precompile_headers(mayfly_${name} REUSE_FROM mayfly_base)
    endif()
    if(MAYFLY_PRECOMPILE AND LAYER_TOGETHER)
      set_target_properties(mayfly_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 10)
      # g++ takes a source that is included for a header.
      target_compile_options(mayfly_${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
    endif()
  else()
    add_library(mayfly_${name} INTERFACE)
    target_link_libraries(mayfly_${name} INTERFACE mayfly_flags ${LAYER_LAYERS} ${LAYER_LIBRARIES})
  endif()
endfunction()
