# One layer, one library: every *.cc below the calling folder that no other layer
# owns, and one test program from its *_test.cc and what lies in its testing/ folders.
#
#   edp_layer(NAME [DIRS dir...] [LINKS lib...] [TEST_LINKS lib...])
#
# The link list is the direction of the data: a layer that reaches for another
# one it does not list fails to link. Tests find their files below EDP_SOURCE_DIR.

add_library(edp_options INTERFACE)
target_include_directories(edp_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(edp_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -fno-omit-frame-pointer)
# Initializers name what matters; the fields left out have defaults.
target_compile_options(edp_options INTERFACE -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(edp_options INTERFACE -Wthread-safety
    -Wno-deprecated-declarations)  # libstdc++ 12's own std::stable_sort
else()
  target_compile_options(edp_options INTERFACE -Wno-restrict)  # false alarms of GCC 12 in std::string (GCC bug 105651)
endif()
if(EDP_SANITIZE)
  target_compile_options(edp_options INTERFACE -fsanitize=${EDP_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(edp_options INTERFACE -fsanitize=${EDP_SANITIZE})
endif()
if(EDP_FUZZ)
  target_compile_options(edp_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(edp_layer name)
  cmake_parse_arguments(arg "" "" "DIRS;LINKS;TEST_LINKS" ${ARGN})
  if(NOT arg_DIRS)
    set(arg_DIRS ".")
  endif()
  set(sources "")
  foreach(dir ${arg_DIRS})
    file(GLOB_RECURSE found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*.cc)
    list(APPEND sources ${found})
  endforeach()
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "(_test\\.cc|/testing/[^/]*\\.cc)$")
  list(FILTER sources EXCLUDE REGEX "((_test|/main)\\.cc|/testing/[^/]*\\.cc)$")

  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC edp_options ${arg_LINKS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE edp_options ${arg_LINKS})
  endif()

  if(EDP_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} ${arg_TEST_LINKS} GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE EDP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
      PROPERTIES TIMEOUT 300 ENVIRONMENT "ASAN_OPTIONS=detect_leaks=1")
  endif()
endfunction()
