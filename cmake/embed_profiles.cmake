# Writes runner/config/builtin_profiles.h from the YAML files of runner/config/profiles.
file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/config/profiles/*.yaml)
set(entries "")
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND entries "    {\"${name}\", R\"yaml(${text})yaml\"},\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
endforeach()
list(LENGTH files count)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/runner/config/builtin_profiles.h CONTENT
"// Made from runner/config/profiles by cmake/embed_profiles.cmake.
#pragma once
#include <array>
#include <string_view>
#include <utility>
namespace edp::config {
inline constexpr std::array<std::pair<std::string_view, std::string_view>, ${count}> kBuiltinProfiles{{
${entries}}};
}  // namespace edp::config
" @ONLY)
