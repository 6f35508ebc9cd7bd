// A guard before text becomes a tree: nlohmann's dump() recurses, so deep input would overflow the stack.
#pragma once

#include <cstddef>
#include <string_view>

namespace edp {

constexpr size_t kMaxNesting = 64;  // a report has eight levels, a Kubernetes object rarely twenty

// Whether JSON text opens more than `limit` arrays and objects inside each other. Says nothing about whether
// the text is JSON.
bool nests_deeper(std::string_view json, size_t limit = kMaxNesting);

}  // namespace edp
