#include "runner/analyse/stack_walk.h"

#include <algorithm>
#include <bit>

namespace edp::analyse {
namespace {

constexpr ClassSet all_operations() {
  ClassSet set = kMapClasses;
  set.add(kSyncMapClasses);
  set.add(kSyncMapInternalClasses);
  return set;
}
constexpr ClassSet kOperations = all_operations();

// Far more lines than any program calls maps from; a made-up profile must not cost a gigabyte. What lies
// beyond goes into one site without a place.
constexpr size_t kMaxSites = 10000;

}  // namespace

StackWalk::StackWalk(const model::Profile& profile) : profile_(profile) {
  functions_.reserve(profile.functions.size());
  for (const model::Function& function : profile.functions) {
    FunctionInfo info;
    info.symbol_class = classify(function.name, function.file).symbol_class;
    info.is_plumbing = is_map_plumbing(function.name, function.file);
    info.is_standard = is_standard_library(function.name, function.file);
    info.hides_arguments =
        kSyncMapClasses.has(info.symbol_class) && function.name.find("[...]") != std::string_view::npos;
    functions_.push_back(info);
  }
  locations_.reserve(profile.locations.size());
  for (const model::Location& location : profile.locations) {
    LocationInfo info;
    for (const model::Line& line : profile.lines_of(location)) {
      if (line.function == model::kNone) continue;
      const FunctionInfo& function = functions_[line.function];
      info.classes.add(function.symbol_class);
      info.has_caller |= !function.is_plumbing;
    }
    info.has_operation = info.classes.intersects(kOperations);
    info.has_range = info.classes.has(SymbolClass::kSyncMapRange);
    any_range_ |= info.has_range;
    locations_.push_back(info);
  }
}

void StackWalk::read_into(ProfileReading& reading) {
  const size_t count = profile_.sample_count();
  for (size_t i = 0; i < count; ++i) {
    const model::Sample sample = profile_.sample(i);
    const int64_t value = sample.values[reading.value_index];
    const int64_t events = sample.values[reading.count_index];
    if (value == 0 && events == 0) continue;
    reading.total.add(value, events);

    ClassSet classes;
    uint32_t operation_depth = model::kNone;
    for (uint32_t depth = 0; depth < sample.locations.size(); ++depth) {
      const LocationInfo& info = locations_[sample.locations[depth]];
      classes.add(info.classes);
      if (info.has_operation && operation_depth == model::kNone) operation_depth = depth;
    }
    for (uint64_t bits = classes.bits(); bits != 0; bits &= bits - 1) {
      reading.cumulative[static_cast<size_t>(std::countr_zero(bits))].add(value, events);
    }
    if (operation_depth == model::kNone) continue;
    if (any_range_ && classes.has(SymbolClass::kSyncMapRange)) read_ranges(sample, value, events, reading);

    Frame frame{operation_depth, 0};
    while (!kOperations.has(info_of(line_at(sample, frame)).symbol_class)) ++frame.line;
    const Operation operation = resolve(sample, frame);
    if (operation.symbol_class == SymbolClass::kNone) continue;
    const auto at = static_cast<size_t>(operation.symbol_class);
    reading.innermost[at].add(value, events);
    MapSite& site = reading.sites[site_of(operation, reading)];
    site.total.add(value, events);
    site.by_class[at].add(value, events);
    for (uint64_t bits = operation.within.bits(); bits != 0; bits &= bits - 1) {
      int64_t& with = site.with[static_cast<size_t>(std::countr_zero(bits))];
      with = saturating_add(with, value);
    }
  }
  std::ranges::stable_sort(reading.sites,
                           [](const MapSite& a, const MapSite& b) { return a.total.value > b.total.value; });
}

const model::Line& StackWalk::line_at(const model::Sample& sample, Frame frame) const {
  return profile_.lines[profile_.locations[sample.locations[frame.depth]].first_line + frame.line];
}

const StackWalk::FunctionInfo& StackWalk::info_of(const model::Line& line) const {
  static constexpr FunctionInfo kUnknown{.is_plumbing = true, .is_standard = true};
  return line.function == model::kNone ? kUnknown : functions_[line.function];
}

bool StackWalk::next(const model::Sample& sample, Frame& frame) const {
  ++frame.line;
  while (frame.depth < sample.locations.size()) {
    if (frame.line < profile_.locations[sample.locations[frame.depth]].line_count) return true;
    ++frame.depth;
    frame.line = 0;
  }
  return false;
}

StackWalk::Operation StackWalk::resolve(const model::Sample& sample, Frame from) const {
  Operation operation;
  for (uint32_t depth = 0; depth < from.depth; ++depth) {
    operation.within.add(locations_[sample.locations[depth]].classes);
  }
  // The outermost class among the frames up to the caller is what the caller asked for.
  SymbolClass map_class = SymbolClass::kNone;
  SymbolClass sync_class = SymbolClass::kNone;
  bool grows = false;
  bool surely_sync_map = false;
  bool more = true;
  Frame frame = from;
  for (; more; more = next(sample, frame)) {
    const model::Line& line = line_at(sample, frame);
    const FunctionInfo& info = info_of(line);
    if (!info.is_plumbing) {
      operation.function = line.function;
      operation.line = line.line;
      break;
    }
    operation.within.add(info.symbol_class);
    if (kSyncMapClasses.has(info.symbol_class)) {
      sync_class = info.symbol_class;
      surely_sync_map |= !info.hides_arguments;
    } else if (kMapClasses.has(info.symbol_class)) {
      map_class = info.symbol_class;
      grows |= info.symbol_class == SymbolClass::kMapGrow;
    }
  }
  // Lines of the first location that lie below `from`.
  for (uint32_t i = 0; i < from.line; ++i)
    operation.within.add(info_of(line_at(sample, {from.depth, i})).symbol_class);

  if (sync_class != SymbolClass::kNone) {
    const bool is_unique = !surely_sync_map && operation.function != model::kNone &&
                           package_of(profile_.functions[operation.function].name) == "unique";
    if (is_unique) return {};
    operation.family = MapFamily::kSyncMap;
    operation.symbol_class = sync_class;
  } else {
    const bool may_grow = map_class == SymbolClass::kMapAssign || map_class == SymbolClass::kMapDelete;
    operation.symbol_class = grows && may_grow ? SymbolClass::kMapGrow : map_class;
  }
  return operation;
}

uint64_t StackWalk::site_key(const Operation& operation) {
  return (uint64_t{operation.function} << 32) ^ (static_cast<uint64_t>(operation.line) << 1) ^
         static_cast<uint64_t>(operation.family);
}

uint32_t StackWalk::site_of(const Operation& wanted, ProfileReading& reading) {
  Operation operation = wanted;
  if (reading.sites.size() >= kMaxSites) {
    const bool known = site_index_.contains(site_key(operation));
    if (!known) operation = {.family = wanted.family, .symbol_class = wanted.symbol_class};
  }
  const auto [found, is_new] =
      site_index_.try_emplace(site_key(operation), static_cast<uint32_t>(reading.sites.size()));
  if (is_new) {
    MapSite site;
    site.family = operation.family;
    site.line = operation.line;
    site.standard_library = true;
    if (operation.function != model::kNone) {
      const model::Function& function = profile_.functions[operation.function];
      site.function = function.name;
      site.file = function.file;
      site.standard_library = functions_[operation.function].is_standard;
    }
    reading.sites.push_back(site);
  }
  return found->second;
}

void StackWalk::read_ranges(const model::Sample& sample, int64_t value, int64_t count,
                            ProfileReading& reading) {
  bool callback = false;  // a caller's frame lies below: the Range is running its callback
  uint32_t last_site = model::kNone;
  Frame frame{0, 0};
  bool more = !sample.locations.empty();
  if (more && profile_.locations[sample.locations[0]].line_count == 0) more = next(sample, frame);
  while (more) {
    const FunctionInfo& info = info_of(line_at(sample, frame));
    if (info.symbol_class == SymbolClass::kSyncMapRange) {
      const Operation range = resolve(sample, frame);
      if (range.symbol_class == SymbolClass::kSyncMapRange) {
        const uint32_t at = site_of(range, reading);
        if (at != last_site) {  // a Range within the callback of the same Range counts once
          reading.sites[at].range_cumulative.add(value, count);
          if (callback) reading.sites[at].range_callback.add(value, count);
          last_site = at;
        }
      }
      while (more && info_of(line_at(sample, frame)).is_plumbing) more = next(sample, frame);
      callback = true;
      continue;
    }
    callback |= !info.is_plumbing;
    more = next(sample, frame);
  }
}

}  // namespace edp::analyse
