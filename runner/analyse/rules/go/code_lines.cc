#include "runner/analyse/rules/go/code_lines.h"

#include <tsl/robin_map.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace edp::analyse::go {
namespace {

using model::kNone;
using model::Profile;
using model::ProfileKind;

// Callers by their indices, so that the pass over the samples compares no strings.
struct CallerKey {
  StackFrame place, user, inlined_into;
  uint32_t entry = kNone;
  bool sync_map = false;
  bool operator==(const CallerKey&) const = default;
};

struct CallerHash {
  size_t operator()(const CallerKey& key) const {
    uint64_t hash = (uint64_t{key.entry} << 1) | (key.sync_map ? 1 : 0);
    for (const StackFrame& frame : {key.place, key.user, key.inlined_into}) {
      hash = (hash ^ frame.function) * 0x9E3779B97F4A7C15U;
      hash = (hash ^ static_cast<uint64_t>(frame.line)) * 0x9E3779B97F4A7C15U;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

CodeLine code_line(const Profile& profile, const StackFrame& frame) {
  if (frame.function == kNone) return {};
  const model::Function& function = profile.functions[frame.function];
  return {.function = function.name, .file = function.file, .line = frame.line};
}

Caller caller_of(const Profile& profile, const CallerKey& key) {
  Caller caller{.place = code_line(profile, key.place), .user = code_line(profile, key.user), .library = {}};
  if (key.entry != kNone) caller.library = package_of(profile.functions[key.entry].name);
  return caller;
}

void add_to(int64_t& sum, int64_t value) { sum = saturating_add(sum, value); }

void add_assign(CpuLine& line, const CodeStack& stack, int64_t ns, int64_t ticks) {
  line.assign.add(ns, ticks);
  line.assign_generic |= stack.generic_assign;
  if (stack.hashing) {
    add_to(line.assign_hashing, ns);
  } else if (stack.comparing) {
    add_to(line.assign_comparing, ns);
  } else if (stack.classes.has(SymbolClass::kAlloc)) {
    add_to(line.assign_allocating, ns);
  } else if (stack.copying || stack.write_barrier) {
    add_to(line.assign_copying, ns);
  }
}

void add_to_line(CpuLine& line, const CodeStack& stack, int64_t ns, int64_t ticks) {
  const ClassSet& classes = stack.classes;
  if (stack.in_sync_map()) {
    // The maps and entries inside a sync.Map are its own; its rules judge them.
    line.sync_map_store |= classes.intersects({SymbolClass::kSyncMapStore, SymbolClass::kSyncMapLoadOrStore});
  } else if (classes.has(SymbolClass::kMapMake)) {
    add_to(line.allocating[static_cast<size_t>(AllocKind::kMap)], ns);
  } else if (stack.growth) {
    line.growth.add(ns, ticks);
    line.splits |= stack.split;
    if (classes.has(SymbolClass::kAlloc)) add_to(line.growth_allocating, ns);
  } else if (classes.has(SymbolClass::kMapAssign)) {
    add_assign(line, stack, ns, ticks);
  } else if (classes.has(SymbolClass::kMapIterate)) {
    line.iterate.add(ns, ticks);
  } else if (classes.has(SymbolClass::kMapAccess)) {
    line.access.add(ns, ticks);
  } else if (classes.has(SymbolClass::kAlloc)) {
    add_to(line.allocating[static_cast<size_t>(stack.kind.value_or(AllocKind::kObject))], ns);
  }
}

void add_line(CpuLine& into, const CpuLine& from) {
  into.assign.add(from.assign);
  into.growth.add(from.growth);
  into.iterate.add(from.iterate);
  into.access.add(from.access);
  add_to(into.assign_hashing, from.assign_hashing);
  add_to(into.assign_comparing, from.assign_comparing);
  add_to(into.assign_copying, from.assign_copying);
  add_to(into.assign_allocating, from.assign_allocating);
  into.assign_generic |= from.assign_generic;
  add_to(into.growth_allocating, from.growth_allocating);
  into.splits |= from.splits;
  into.sync_map_store |= from.sync_map_store;
  for (size_t i = 0; i < into.allocating.size(); ++i) add_to(into.allocating[i], from.allocating[i]);
}

// Whether the profile has background workers, and whether it tells what they were (dedicated, fractional,
// idle).
struct Workers {
  bool any = false, told = false;
};

void add_gc(CpuReading& reading, Workers& workers, const CodeStack& stack, int64_t ns) {
  const ClassSet& classes = stack.classes;
  if (classes.has(SymbolClass::kGcAssist)) {
    add_to(reading.gc_assist, ns);
  } else if (classes.has(SymbolClass::kGcMark)) {
    workers.any |= stack.gc_worker;
    workers.told |= stack.gc_worker_told;
    add_to(reading.gc_background, ns);
  } else if (classes.has(SymbolClass::kGcSweep)) {
    add_to(reading.gc_sweep, ns);
  } else if (stack.write_barrier) {
    add_to(reading.gc_barrier, ns);
  }
}

double seconds_of(const model::ProfileFact& fact) {
  return fact.window_seconds > 0 ? fact.window_seconds
                                 : static_cast<double>(fact.profile.duration_nanos) / 1e9;
}

// The label "bytes" is the size of one object of the sample.
int64_t object_size(const model::Sample& sample, const SizeFigures& figures) {
  for (const model::Label& label : sample.labels) {
    if (label.is_number && label.key == "bytes" && label.number > 0) return label.number;
  }
  if (figures.alloc_objects > 0) return figures.alloc_bytes / figures.alloc_objects;
  return figures.inuse_objects > 0 ? figures.inuse_bytes / figures.inuse_objects : 0;
}

struct LineSizes {
  HeapLine line;
  std::map<int64_t, SizeFigures> by_size;
};

// The last profile of a kind, else of its sibling: heap and allocs have the same samples.
const model::ProfileFact* last_of(const model::Facts& facts, ProfileKind kind, ProfileKind sibling,
                                  bool delta) {
  const model::ProfileFact* fact = facts.last(kind, delta);
  return fact != nullptr ? fact : facts.last(sibling, delta);
}

template <typename Line>
const Line* find_line(const std::vector<Line>& lines, const Caller& caller) {
  const auto found = std::ranges::lower_bound(lines, caller, {}, &Line::caller);
  return found != lines.end() && found->caller == caller ? &*found : nullptr;
}

}  // namespace

model::SourceLocation CodeLine::location(std::string role) const {
  return {
      .function = std::string(function), .file = std::string(file), .line = line, .role = std::move(role)};
}

std::string_view to_string(AllocKind kind) {
  static constexpr std::array<std::string_view, static_cast<size_t>(AllocKind::kCount)> kNames = {
      "new objects", "values boxed in interfaces", "slices", "strings", "maps"};
  return kNames[static_cast<size_t>(kind)];
}

int64_t CpuLine::allocating_total() const {
  int64_t total = 0;
  for (const int64_t ns : allocating) add_to(total, ns);
  return total;
}

double CpuLine::assign_percent(int64_t part) const {
  return assign.value > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(assign.value) : 0;
}

double CpuReading::percent(int64_t nanoseconds) const {
  return busy.value > 0 ? 100.0 * static_cast<double>(nanoseconds) / static_cast<double>(busy.value) : 0;
}

std::optional<double> CpuReading::cores(int64_t nanoseconds) const {
  if (window_seconds <= 0) return std::nullopt;
  return static_cast<double>(nanoseconds) / 1e9 / window_seconds;
}

const CpuLine* CpuReading::find(const Caller& caller) const { return find_line(lines, caller); }

void SizeFigures::add(const SizeFigures& other) {
  add_to(alloc_objects, other.alloc_objects);
  add_to(alloc_bytes, other.alloc_bytes);
  add_to(inuse_objects, other.inuse_objects);
  add_to(inuse_bytes, other.inuse_bytes);
}

double HeapReading::sampled(const SizeFigures& figures) const {
  const auto objects = static_cast<double>(figures.alloc_objects);
  if (rate <= 1) return objects;
  return objects * -std::expm1(-static_cast<double>(figures.size) / static_cast<double>(rate));
}

const HeapLine* HeapReading::find(const Caller& caller) const { return find_line(lines, caller); }

CpuReading read_cpu(const model::ProfileFact& fact) {
  const Profile& profile = fact.profile;
  CpuReading reading;
  reading.fact = &fact;
  reading.window_seconds = seconds_of(fact);
  const uint32_t value = profile.type_index("cpu");
  if (value == kNone) return reading;
  const uint32_t samples = profile.type_index("samples");
  const uint32_t count = samples == kNone ? value : samples;
  const StackReader reader(profile);
  Workers workers;
  tsl::robin_map<CallerKey, CpuLine, CallerHash> by_key;
  for (size_t i = 0; i < profile.sample_count(); ++i) {
    const model::Sample sample = profile.sample(i);
    const CodeStack stack = reader.read(sample);
    const int64_t ns = sample.values[value];
    if (stack.gc_idle) {
      workers.told = true;
      add_to(reading.gc_idle, ns);
      continue;
    }
    reading.busy.add(ns, sample.values[count]);
    add_gc(reading, workers, stack, ns);
    if (stack.classes.has(SymbolClass::kAlloc)) add_to(reading.allocating, ns);
    if (stack.place.function == kNone || stack.classes.empty()) continue;
    CpuLine& line = by_key[CallerKey{.place = stack.place, .user = stack.user, .entry = stack.entry}];
    add_to_line(line, stack, ns, sample.values[count]);
  }
  reading.gc_idle_told = workers.told || !workers.any;
  // A profile may list a function twice: what counts is its name.
  std::map<Caller, CpuLine> by_caller;
  for (const auto& [key, line] : by_key) add_line(by_caller[caller_of(profile, key)], line);
  reading.lines.reserve(by_caller.size());
  for (auto& [caller, line] : by_caller) {
    line.caller = caller;
    reading.lines.push_back(line);
  }
  return reading;
}

HeapReading read_heap(const model::ProfileFact& fact) {
  const Profile& profile = fact.profile;
  HeapReading reading;
  reading.fact = &fact;
  if (fact.is_delta) reading.window_seconds = seconds_of(fact);
  reading.rate = profile.period;
  const std::array<uint32_t, 4> columns = {
      profile.type_index("alloc_objects"), profile.type_index("alloc_space"),
      profile.type_index("inuse_objects"), profile.type_index("inuse_space")};
  const StackReader reader(profile);
  tsl::robin_map<CallerKey, LineSizes, CallerHash> by_key;
  for (size_t i = 0; i < profile.sample_count(); ++i) {
    const model::Sample sample = profile.sample(i);
    const auto at = [&](size_t column) {
      return columns[column] == kNone ? 0 : sample.values[columns[column]];
    };
    SizeFigures figures{
        .alloc_objects = at(0), .alloc_bytes = at(1), .inuse_objects = at(2), .inuse_bytes = at(3)};
    figures.size = object_size(sample, figures);
    reading.total.add(figures);
    const CodeStack stack = reader.read(sample);
    if (stack.place.function == kNone) continue;
    const CallerKey key{.place = stack.place,
                        .user = stack.user,
                        .inlined_into = stack.inlined_into,
                        .entry = stack.entry,
                        .sync_map = stack.in_sync_map()};
    LineSizes& sizes = by_key[key];
    sizes.line.sync_map_store |=
        stack.classes.intersects({SymbolClass::kSyncMapStore, SymbolClass::kSyncMapLoadOrStore});
    sizes.line.total.add(figures);
    SizeFigures& of_size = sizes.by_size[figures.size];
    of_size.size = figures.size;
    of_size.add(figures);
  }
  std::map<std::pair<Caller, bool>, LineSizes> by_caller;
  for (const auto& [key, sizes] : by_key) {
    LineSizes& into = by_caller[{caller_of(profile, key), key.sync_map}];
    into.line.sync_map_store |= sizes.line.sync_map_store;
    into.line.total.add(sizes.line.total);
    if (key.inlined_into.function != kNone) {
      into.line.inlined_into.emplace_back(code_line(profile, key.inlined_into), sizes.line.total);
    }
    for (const auto& [size, figures] : sizes.by_size) {
      into.by_size[size].size = size;
      into.by_size[size].add(figures);
    }
  }
  for (auto& [key, sizes] : by_caller) {
    sizes.line.caller = key.first;
    sizes.line.sync_map = key.second;
    for (const auto& [size, figures] : sizes.by_size) sizes.line.sizes.push_back(figures);
    reading.lines.push_back(std::move(sizes.line));
  }
  return reading;
}

CodeLines::CodeLines(const model::Facts& facts) {
  if (const auto* fact = facts.last(ProfileKind::kCpu); fact != nullptr) cpu = read_cpu(*fact);
  if (const auto* fact = last_of(facts, ProfileKind::kAllocs, ProfileKind::kHeap, true); fact != nullptr) {
    window_allocs = read_heap(*fact);
  }
  if (const auto* fact = last_of(facts, ProfileKind::kAllocs, ProfileKind::kHeap, false); fact != nullptr) {
    allocs = read_heap(*fact);
  }
  if (const auto* fact = last_of(facts, ProfileKind::kHeap, ProfileKind::kAllocs, false); fact != nullptr) {
    heap = read_heap(*fact);
  }
}

}  // namespace edp::analyse::go
