// File names as Go's path/filepath treats them on Unix.
#pragma once

#include <string>
#include <string_view>

namespace edp::view {

// The shortest name of the same file by its text alone; never empty.
std::string clean_path(std::string_view path);

// The last element.
std::string_view base_name(std::string_view path);

}  // namespace edp::view
