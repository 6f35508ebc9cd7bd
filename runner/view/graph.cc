#include "runner/view/graph.h"

#include <tsl/robin_map.h>

#include <array>
#include <cstdio>
#include <functional>

#include "runner/view/measure.h"
#include "runner/view/path.h"

namespace edp::view {
namespace {

using model::kNone;

struct InfoHash {
  size_t operator()(const NodeInfo& info) const {
    size_t hash = std::hash<std::string_view>()(info.name);
    const auto mix = [&hash](uint64_t more) {
      hash = (hash ^ more) * 0x9E3779B97F4A7C15ULL;
      hash ^= hash >> 29;
    };
    mix(std::hash<std::string_view>()(info.file));
    mix(info.address);
    mix(static_cast<uint64_t>(info.line));
    mix(static_cast<uint64_t>(info.column));
    mix(static_cast<uint64_t>(info.start_line));
    mix(std::hash<std::string_view>()(info.object));
    return hash;
  }
};

// Bazel's sandbox prefixes go always, then the user's.
std::string_view trim_prefixes(std::string_view path, std::string_view prefixes) {
  const auto cut = [&path](std::string_view prefix) {
    if (!path.starts_with(prefix)) return false;
    std::string_view rest = path.substr(prefix.size());
    if (!prefix.ends_with('/')) {
      if (!rest.starts_with('/')) return false;
      rest.remove_prefix(1);
    }
    path = rest;
    return true;
  };
  while (!prefixes.empty()) {
    const size_t colon = prefixes.find(':');
    if (cut(prefixes.substr(0, colon))) return path;
    if (colon == std::string_view::npos) break;
    prefixes.remove_prefix(colon + 1);
  }
  if (!cut("/proc/self/cwd/./")) cut("/proc/self/cwd/");
  return path;
}

// What a granularity keeps of a source position.
struct Detail {
  bool function, file, line, column, address;

  explicit Detail(const Options& options) {
    const Granularity g = options.granularity;
    function = g != Granularity::kFiles;
    address = g == Granularity::kAddresses;
    line = address || g == Granularity::kLines;
    file = line || g == Granularity::kFiles || g == Granularity::kFileFunctions;
    column = line && (options.show_columns || (address && !options.no_inlines));
  }
};

}  // namespace

std::string printable_name(const NodeInfo& info) {
  std::string name;
  const auto add = [&name](std::string_view part) {
    if (!name.empty()) name += ' ';
    name += part;
  };
  if (info.address != 0) {
    std::array<char, 24> hex{};
    (void)std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(info.address));
    add(hex.data());
  }
  if (!info.name.empty()) add(info.name);
  if (info.line != 0) {
    std::string place(info.file);
    place.append(":").append(std::to_string(info.line));
    if (info.column != 0) place.append(":").append(std::to_string(info.column));
    add(place);
  } else if (!info.file.empty()) {
    add(info.file);
  } else if (!info.name.empty()) {
    // Said already.
  } else if (!info.object.empty()) {
    add(std::string("[").append(base_name(info.object)).append("]"));
  } else {
    add("<unknown>");
  }
  return name;
}

NodeTable::NodeTable(const model::Profile& profile, const Options& options) {
  const Detail detail(options);
  std::vector<std::string_view> file_of(profile.functions.size());
  tsl::robin_map<std::string_view, std::string_view> cleaned;
  for (size_t i = 0; i < profile.functions.size(); ++i) {
    const std::string_view file = profile.functions[i].file;
    if (file.empty()) continue;
    const auto found = cleaned.find(file);
    if (found != cleaned.end()) {
      file_of[i] = found->second;
      continue;
    }
    const std::string_view trimmed = trim_prefixes(file, options.trim_path);
    if (!trimmed.empty()) file_of[i] = arena_.add(clean_path(trimmed));
    cleaned.emplace(file, file_of[i]);
  }

  tsl::robin_map<NodeInfo, uint32_t, InfoHash> index;
  index.reserve(profile.functions.size());
  const auto node_of = [&](const NodeInfo& info, std::string_view file, bool inlined) {
    const auto [entry, is_new] = index.try_emplace(info, static_cast<uint32_t>(infos_.size()));
    if (is_new) {
      infos_.push_back(info);
      files_.push_back(file);
      inlined_.push_back(0);
    }
    if (inlined) inlined_[entry->second] = 1;
    nodes_.push_back(entry->second);
  };

  begins_.reserve(profile.locations.size() + 1);
  nodes_.reserve(profile.lines.size());
  for (const model::Location& location : profile.locations) {
    begins_.push_back(static_cast<uint32_t>(nodes_.size()));
    const std::string_view object =
        location.mapping == kNone ? std::string_view() : profile.mappings[location.mapping].file;
    const uint64_t address = detail.address ? location.address : 0;
    std::span<const model::Line> lines = profile.lines_of(location);
    if (lines.empty()) node_of(NodeInfo{.address = address, .object = object}, {}, false);
    if (options.no_inlines && lines.size() > 1) lines = lines.last(1);
    for (size_t i = 0; i < lines.size(); ++i) {
      const model::Line& line = lines[i];
      if (line.function == kNone) {
        node_of(NodeInfo{.address = address, .object = object}, {}, i + 1 < lines.size());
        continue;
      }
      const model::Function& function = profile.functions[line.function];
      NodeInfo info;
      info.address = address;
      if (detail.function) info.name = function.name;
      if (detail.file) info.file = file_of[line.function];
      if (detail.line) info.line = line.line;
      if (detail.column) info.column = line.column;
      if (info.name.empty()) {
        info.object = object;
        info.start_line = function.start_line;
      }
      node_of(info, file_of[line.function], i + 1 < lines.size());
    }
  }
  begins_.push_back(static_cast<uint32_t>(nodes_.size()));
}

int64_t Weight::flat_value() const { return mean_of(flat, flat_divisor); }
int64_t Weight::cum_value() const { return mean_of(cum, cum_divisor); }

namespace {

// The columns of a profile that the loops over samples read, without bounds to compute again.
struct Columns {
  explicit Columns(const model::Profile& profile, const NodeTable& table, Value wanted)
      : width(profile.sample_types.size()),
        values(profile.values.data()),
        locations(profile.sample_locations.data()),
        ends(profile.location_ends.data()),
        count(profile.sample_count()),
        begins(table.begins().data()),
        nodes(table.nodes().data()),
        value(wanted) {}

  [[nodiscard]] int64_t weight(size_t sample) const { return values[sample * width + value.type]; }
  [[nodiscard]] int64_t divisor(size_t sample) const { return value.mean ? values[sample * width] : 0; }

  size_t width;
  const int64_t* values;
  const uint32_t* locations;
  const uint64_t* ends;
  size_t count;
  const uint32_t* begins;
  const uint32_t* nodes;
  Value value;
};

}  // namespace

std::vector<Weight> sum_nodes(const model::Profile& profile, const NodeTable& table, Value value) {
  // The stamp of the last sample that touched a node stands beside its sum: one cache line a frame.
  struct Slot {
    int64_t cum = 0, divisor = 0;
    uint64_t stamp = 0;
  };
  const Columns columns(profile, table, value);
  std::vector<Slot> slots(table.size());
  std::vector<Weight> weights(table.size());
  uint64_t begin = 0;
  for (size_t i = 0; i < columns.count; ++i) {
    const uint64_t end = columns.ends[i];
    const int64_t weight = columns.weight(i);
    const int64_t divisor = columns.divisor(i);
    if ((weight != 0 || divisor != 0) && begin < end) {
      const uint64_t stamp = i + 1;
      Weight& leaf = weights[columns.nodes[columns.begins[columns.locations[begin]]]];
      leaf.flat = wrapping_add(leaf.flat, weight);
      leaf.flat_divisor = wrapping_add(leaf.flat_divisor, divisor);
      for (uint64_t j = begin; j < end; ++j) {
        const uint32_t location = columns.locations[j];
        const uint32_t last = columns.begins[location + 1];
        for (uint32_t k = columns.begins[location]; k < last; ++k) {
          Slot& slot = slots[columns.nodes[k]];
          if (slot.stamp == stamp) continue;
          slot.stamp = stamp;
          slot.cum = wrapping_add(slot.cum, weight);
          if (divisor != 0) slot.divisor = wrapping_add(slot.divisor, divisor);
        }
      }
    }
    begin = end;
  }
  for (size_t n = 0; n < slots.size(); ++n) {
    weights[n].cum = slots[n].cum;
    weights[n].cum_divisor = slots[n].divisor;
  }
  return weights;
}

namespace {

// Pair of kept nodes -> edge. A plain square while that is small, which it is after trimming.
class EdgeIndex {
 public:
  explicit EdgeIndex(size_t nodes) : nodes_(nodes) {
    if (nodes <= kSquare) square_.assign(nodes * nodes, kNone);
  }

  uint32_t& at(uint32_t caller, uint32_t callee) {
    if (!square_.empty()) return square_[caller * nodes_ + callee];
    return map_.try_emplace(uint64_t{caller} << 32 | callee, kNone).first.value();
  }

 private:
  static constexpr size_t kSquare = 1500;
  size_t nodes_;
  std::vector<uint32_t> square_;
  tsl::robin_map<uint64_t, uint32_t> map_;
};

}  // namespace

std::vector<Edge> sum_edges(const model::Profile& profile, const NodeTable& table, Value value,
                            const std::vector<uint32_t>& kept, bool only_inlined) {
  struct Target {
    uint32_t number = kNone;  // among the kept; kNone: left out
    bool wanted = false;
  };
  std::vector<Target> targets(table.size());
  bool any = false;
  for (size_t i = 0; i < kept.size(); ++i) {
    const bool wanted = !only_inlined || table.may_be_inlined(kept[i]);
    targets[kept[i]] = {static_cast<uint32_t>(i), wanted};
    any |= wanted;
  }
  std::vector<Edge> edges;
  if (!any) return edges;

  const Columns columns(profile, table, value);
  EdgeIndex index(kept.size());
  std::vector<uint64_t> stamps;
  uint64_t begin = 0;
  for (size_t i = 0; i < columns.count; ++i) {
    const uint64_t end = columns.ends[i];
    const int64_t weight = columns.weight(i);
    if (weight != 0 || columns.divisor(i) != 0) {
      const uint64_t stamp = i + 1;
      uint32_t caller = kNone;
      for (uint64_t j = end; j-- > begin;) {
        const uint32_t location = columns.locations[j];
        const uint32_t first = columns.begins[location];
        const uint32_t last = columns.begins[location + 1];
        for (uint32_t k = last; k-- > first;) {
          const Target target = targets[columns.nodes[k]];
          if (target.number == kNone) continue;
          if (target.wanted && caller != kNone && caller != target.number) {
            uint32_t& slot = index.at(caller, target.number);
            const bool inlined = k + 1 != last;
            if (slot == kNone) {
              slot = static_cast<uint32_t>(edges.size());
              edges.push_back({kept[caller], kept[target.number], weight, inlined});
              stamps.push_back(stamp);
            } else if (stamps[slot] != stamp) {
              stamps[slot] = stamp;
              Edge& edge = edges[slot];
              edge.weight = wrapping_add(edge.weight, weight);
              if (!inlined) edge.inlined = false;
            }
          }
          caller = target.number;
        }
      }
    }
    begin = end;
  }
  return edges;
}

}  // namespace edp::view
