// The line of source that a finding points at, where the file can be read here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace edp::analyse {

// The line, trimmed, control characters blanked, cut to 200 bytes at a character's border. Empty unless
// `file` is an absolute path that ends in .go or .java and names a regular file of at most 8 MiB: the path
// comes from the target and is not to be trusted.
std::string read_source_line(std::string_view file, int64_t line);

// The whole file, under the same conditions.
std::string read_source(std::string_view file);

}  // namespace edp::analyse
