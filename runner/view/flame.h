// A profile folded into a call tree, for flame graphs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runner/model/profile.h"

namespace edp::view {

struct FlameNode {
  uint32_t name = 0;    // index into FlameTree::names
  uint32_t file = 0;    // index into FlameTree::names; "file:line" of the function's hottest line, or ""
  uint32_t parent = 0;  // index into FlameTree::nodes; the root is its own parent
  int64_t total = 0;    // with all callees
  int64_t self = 0;
};

// nodes[0] is the root; a parent always stands before its children.
struct FlameTree {
  std::vector<std::string> names;
  std::vector<FlameNode> nodes;
  int64_t dropped =
      0;  // value in nodes left out to keep within max_nodes (it is still in their parents' total)
};

// Keeps the heaviest nodes, at most max_nodes.
FlameTree flame(const model::Profile& profile, uint32_t sample_type, size_t max_nodes = 5000);

}  // namespace edp::view
