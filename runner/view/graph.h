// Samples summed up by function (or line, file, address): flat, cum, and who calls whom.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/string_arena.h"
#include "runner/model/profile.h"
#include "runner/view/options.h"

namespace edp::view {

// What a row is; empty and 0 where the granularity leaves it out.
struct NodeInfo {
  std::string_view name, file;
  uint64_t address = 0;
  int64_t start_line = 0, line = 0, column = 0;
  std::string_view object;  // the binary, only where there is no name

  bool operator==(const NodeInfo&) const = default;
};

// "0000000000401000 main.f /src/main.go:12", without what is not set.
std::string printable_name(const NodeInfo& info);

// Every node a profile's locations can touch, found before any sample is looked at.
class NodeTable {
 public:
  // Views in the infos point into `profile` and into this table.
  NodeTable(const model::Profile& profile, const Options& options);

  [[nodiscard]] size_t size() const { return infos_.size(); }
  [[nodiscard]] const NodeInfo& info(uint32_t node) const { return infos_[node]; }
  // The nodes of location i are nodes()[begins()[i] .. begins()[i + 1]), innermost first; at least one.
  [[nodiscard]] const std::vector<uint32_t>& nodes() const { return nodes_; }
  [[nodiscard]] const std::vector<uint32_t>& begins() const { return begins_; }
  // Whether a call of this node was inlined anywhere.
  [[nodiscard]] bool may_be_inlined(uint32_t node) const { return inlined_[node] != 0; }
  // A source file of this node, although the granularity leaves it out; "" where unknown.
  [[nodiscard]] std::string_view some_file(uint32_t node) const { return files_[node]; }

 private:
  std::vector<NodeInfo> infos_;
  std::vector<std::string_view> files_;
  std::vector<uint32_t> nodes_, begins_;
  std::vector<char> inlined_;
  StringArena arena_;
};

// How to get at a sample's figures.
struct Value {
  uint32_t type = 0;
  bool mean = false;  // the divisor is sample type 0
};

struct Weight {
  int64_t flat = 0, cum = 0;
  int64_t flat_divisor = 0, cum_divisor = 0;  // 0: not a mean

  [[nodiscard]] int64_t flat_value() const;
  [[nodiscard]] int64_t cum_value() const;
};

// One weight a node. A node that is several times in a stack (recursion) counts once for cum.
std::vector<Weight> sum_nodes(const model::Profile& profile, const NodeTable& table, Value value);

struct Edge {
  uint32_t caller = 0, callee = 0;  // nodes of the table
  int64_t weight = 0;
  bool inlined = false;  // every such call was inlined
};

// The calls between the nodes in `kept`; a call through nodes that were not kept joins those next to them.
// With only_inlined, only calls of nodes that may be inlined: all that a flat table needs.
std::vector<Edge> sum_edges(const model::Profile& profile, const NodeTable& table, Value value,
                            const std::vector<uint32_t>& kept, bool only_inlined);

}  // namespace edp::view
