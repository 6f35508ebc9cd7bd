// The first bytes of a trace, of any format: "go 1.23 trace\0\0\0".
#pragma once

#include <cstddef>
#include <string_view>

namespace edp::decode::go_trace {

inline constexpr size_t kHeader = 16;

// The version in a whole header at the front of `bytes` (23); 0 where there is none.
int version_of(std::string_view bytes);

// Where a header begins in `bytes`; npos where none does.
size_t find_header(std::string_view bytes);

}  // namespace edp::decode::go_trace
