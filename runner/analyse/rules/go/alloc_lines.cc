#include "runner/analyse/rules/go/alloc_lines.h"

#include <algorithm>
#include <map>

#include "runner/analyse/sites.h"
#include "runner/analyse/symbols.h"

namespace edp::analyse::go {
namespace {

struct FunctionInfo {
  bool is_map = false;
  bool is_standard = false;
};

std::vector<FunctionInfo> infos_of(const model::Profile& profile) {
  std::vector<FunctionInfo> infos;
  infos.reserve(profile.functions.size());
  for (const model::Function& function : profile.functions) {
    infos.push_back({.is_map = kMapClasses.has(classify(function.name, function.file).symbol_class),
                     .is_standard = is_standard_library(function.name, function.file)});
  }
  return infos;
}

}  // namespace

AllocLines alloc_lines(const model::Facts& facts) {
  AllocLines result;
  using model::ProfileKind;
  for (const bool delta : {true, false}) {
    for (const ProfileKind kind : {ProfileKind::kAllocs, ProfileKind::kHeap}) {
      if (result.fact == nullptr) result.fact = facts.last(kind, delta);
    }
  }
  if (result.fact == nullptr) return result;
  const model::Profile& profile = result.fact->profile;
  const uint32_t objects_at = profile.type_index("alloc_objects");
  const uint32_t bytes_at = profile.type_index("alloc_space");
  if (objects_at == model::kNone || bytes_at == model::kNone) {
    result.fact = nullptr;
    return result;
  }
  if (result.fact->is_delta) result.window_seconds = result.fact->window_seconds;
  const std::vector<FunctionInfo> infos = infos_of(profile);
  std::map<std::pair<uint32_t, int64_t>, AllocLine> lines;
  for (size_t i = 0; i < profile.sample_count(); ++i) {
    const model::Sample sample = profile.sample(i);
    const int64_t objects = sample.values[objects_at];
    const int64_t bytes = sample.values[bytes_at];
    if (objects <= 0) continue;
    result.objects = saturating_add(result.objects, objects);
    result.bytes = saturating_add(result.bytes, bytes);
    ++result.rows;
    bool map = false;
    bool placed = false;
    for (const uint32_t index : sample.locations) {
      for (const model::Line& line : profile.lines_of(profile.locations[index])) {
        if (placed || line.function == model::kNone) continue;
        map |= infos[line.function].is_map;
        if (infos[line.function].is_standard) continue;
        placed = true;
        AllocLine& at = lines[{line.function, line.line}];
        const model::Function& function = profile.functions[line.function];
        at.frame = {.function = function.name, .arguments = {}, .file = function.file, .line = line.line};
        at.objects = saturating_add(at.objects, objects);
        at.bytes = saturating_add(at.bytes, bytes);
        if (map) at.map_objects = saturating_add(at.map_objects, objects);
      }
    }
  }
  for (auto& [key, line] : lines) result.lines.push_back(line);
  std::ranges::stable_sort(result.lines, std::ranges::greater{}, &AllocLine::objects);
  return result;
}

}  // namespace edp::analyse::go
