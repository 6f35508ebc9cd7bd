#include "runner/view/flame.h"

#include <tsl/robin_map.h>

#include <algorithm>
#include <queue>

#include "runner/view/graph.h"
#include "runner/view/measure.h"
#include "runner/view/path.h"

namespace edp::view {
namespace {

using model::kNone;

// Where a sample stands on its way from the root to the leaf.
struct Cursor {
  uint32_t sample = 0;
  uint32_t locations_left = 0;  // including the current one
  uint32_t nodes_left = 0;      // of the current location
};

// The samples below one node lie side by side in the array of cursors.
struct Group {
  uint32_t node = 0;
  int64_t weight = 0;  // |total|
  size_t begin = 0, end = 0;

  bool operator<(const Group& other) const {
    if (weight != other.weight) return weight < other.weight;
    return node > other.node;
  }
};

// "file:line" of the line of each function that most value passes through.
std::vector<std::string> hottest_lines(const model::Profile& profile, const NodeTable& table, uint32_t type) {
  std::vector<int64_t> location_weight(profile.locations.size());
  for (size_t i = 0; i < profile.sample_count(); ++i) {
    const model::Sample sample = profile.sample(i);
    for (const uint32_t location : sample.locations) {
      location_weight[location] = wrapping_add(location_weight[location], sample.values[type]);
    }
  }
  struct Place {
    uint32_t node, function;
    int64_t line;
    bool operator==(const Place&) const = default;
  };
  struct PlaceHash {
    size_t operator()(const Place& p) const {
      return (uint64_t{p.node} << 32 ^ p.function) * 0x9E3779B97F4A7C15ULL ^
             static_cast<uint64_t>(p.line) * 0xC2B2AE3D27D4EB4FULL;
    }
  };
  tsl::robin_map<Place, int64_t, PlaceHash> weights;
  for (size_t l = 0; l < profile.locations.size(); ++l) {
    const auto lines = profile.lines_of(profile.locations[l]);
    for (size_t i = 0; i < lines.size(); ++i) {
      const uint32_t node = table.nodes()[table.begins()[l] + i];
      int64_t& weight = weights[{node, lines[i].function, lines[i].line}];
      weight = wrapping_add(weight, location_weight[l]);
    }
  }
  std::vector<std::pair<int64_t, Place>> best(table.size(), {-1, {0, kNone, 0}});
  for (const auto& [place, weight] : weights) {
    auto& [best_weight, best_place] = best[place.node];
    const int64_t w = wrapping_abs(weight);
    if (w > best_weight || (w == best_weight && place.line < best_place.line)) {
      best_weight = w;
      best_place = place;
    }
  }
  std::vector<std::string> places(table.size());
  for (size_t node = 0; node < places.size(); ++node) {
    const Place& place = best[node].second;
    if (place.function == kNone || profile.functions[place.function].file.empty()) continue;
    places[node] = std::string(profile.functions[place.function].file) + ":" + std::to_string(place.line);
  }
  return places;
}

class Builder {
 public:
  Builder(const model::Profile& profile, uint32_t type)
      : profile_(profile), table_(profile, Options()), type_(type), child_of_(table_.size(), kNone) {}

  FlameTree build(size_t max_nodes) {
    tree_.names.emplace_back();
    tree_.nodes.emplace_back();
    for (uint32_t i = 0; i < profile_.sample_count(); ++i) {
      const model::Sample sample = profile_.sample(i);
      if (sample.values[type_] == 0) continue;
      const auto depth = static_cast<uint32_t>(sample.locations.size());
      cursors_.push_back({i, depth, depth == 0 ? 0 : node_count(sample.locations[depth - 1])});
      tree_.nodes[0].total = wrapping_add(tree_.nodes[0].total, sample.values[type_]);
    }
    scratch_.resize(cursors_.size());
    place_names_ = hottest_lines(profile_, table_, type_);
    name_of_.assign(table_.size(), kNone);
    file_of_.assign(table_.size(), kNone);
    split({0, 0, 0, cursors_.size()});
    // The heaviest group first: a child never weighs more than its parent, so these are the heaviest nodes.
    while (!open_.empty()) {
      const Group group = open_.top();
      open_.pop();
      if (tree_.nodes.size() >= max_nodes) {
        tree_.dropped = wrapping_add(tree_.dropped, pending_[group.node].total);
        continue;
      }
      const Pending& pending = pending_[group.node];
      const auto node = static_cast<uint32_t>(tree_.nodes.size());
      tree_.nodes.push_back(
          {name(pending.table_node), file(pending.table_node), pending.parent, pending.total, 0});
      split({node, 0, group.begin, group.end});
    }
    return std::move(tree_);
  }

 private:
  // A node that may come into the tree.
  struct Pending {
    uint32_t parent, table_node;
    int64_t total;
  };

  [[nodiscard]] uint32_t node_count(uint32_t location) const {
    return table_.begins()[location + 1] - table_.begins()[location];
  }

  uint32_t name(uint32_t node) {
    if (name_of_[node] == kNone) {
      name_of_[node] = static_cast<uint32_t>(tree_.names.size());
      tree_.names.push_back(printable_name(table_.info(node)));
    }
    return name_of_[node];
  }

  uint32_t file(uint32_t node) {
    if (place_names_[node].empty()) return 0;
    if (file_of_[node] == kNone) {
      file_of_[node] = static_cast<uint32_t>(tree_.names.size());
      tree_.names.push_back(place_names_[node]);
    }
    return file_of_[node];
  }

  // Sorts the group's samples by their next frame and opens a group for each; samples that end here are self.
  void split(const Group& group) {
    struct Child {
      uint32_t table_node;
      int64_t total;
      size_t count, at;
    };
    std::vector<Child> children;
    next_.resize(group.end - group.begin);
    for (size_t i = group.begin; i < group.end; ++i) {
      Cursor& cursor = cursors_[i];
      const model::Sample sample = profile_.sample(cursor.sample);
      const int64_t value = sample.values[type_];
      if (cursor.locations_left == 0) {
        next_[i - group.begin] = kNone;
        int64_t& self = tree_.nodes[group.node].self;
        self = wrapping_add(self, value);
        continue;
      }
      const uint32_t location = sample.locations[cursor.locations_left - 1];
      const uint32_t table_node = table_.nodes()[table_.begins()[location] + --cursor.nodes_left];
      if (cursor.nodes_left == 0 && --cursor.locations_left > 0) {
        cursor.nodes_left = node_count(sample.locations[cursor.locations_left - 1]);
      }
      uint32_t& child = child_of_[table_node];
      if (child == kNone) {
        child = static_cast<uint32_t>(children.size());
        children.push_back({table_node, 0, 0, 0});
      }
      next_[i - group.begin] = child;
      children[child].total = wrapping_add(children[child].total, value);
      ++children[child].count;
    }
    size_t at = group.begin;
    for (Child& child : children) {
      child_of_[child.table_node] = kNone;
      open_.push({static_cast<uint32_t>(pending_.size()), wrapping_abs(child.total), at, at + child.count});
      pending_.push_back({group.node, child.table_node, child.total});
      child.at = at;
      at += child.count;
    }
    for (size_t i = group.begin; i < group.end; ++i) {
      const uint32_t child = next_[i - group.begin];
      if (child != kNone) scratch_[children[child].at++] = cursors_[i];
    }
    std::copy(scratch_.begin() + static_cast<ptrdiff_t>(group.begin),
              scratch_.begin() + static_cast<ptrdiff_t>(at),
              cursors_.begin() + static_cast<ptrdiff_t>(group.begin));
  }

  const model::Profile& profile_;
  NodeTable table_;
  uint32_t type_;
  FlameTree tree_;
  std::vector<Cursor> cursors_, scratch_;
  std::vector<uint32_t> next_;
  std::vector<Pending> pending_;
  std::priority_queue<Group> open_;
  std::vector<uint32_t> child_of_, name_of_, file_of_;
  std::vector<std::string> place_names_;
};

}  // namespace

FlameTree flame(const model::Profile& profile, uint32_t sample_type, size_t max_nodes) {
  return Builder(profile, sample_type).build(std::max<size_t>(max_nodes, 1));
}

}  // namespace edp::view
