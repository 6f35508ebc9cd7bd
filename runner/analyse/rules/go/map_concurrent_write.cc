// GO-MAP-CONCURRENT-WRITE: a map written without a lock, after the crash or before it.
// docs/rules/GO-MAP-CONCURRENT-WRITE.md
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/goroutine_stacks.h"
#include "runner/analyse/rules/go/lock_sites.h"
#include "runner/analyse/rules/go/rules.h"

namespace edp::analyse::go {
namespace {

constexpr config::ThresholdSpec kWriters{
    "concurrentmap.writers", 2, "goroutines",
    "so many goroutines inside a map write at one line at one moment are a risk worth a look"};

constexpr std::array<std::string_view, 5> kFatalErrors = {
    "concurrent map writes", "concurrent map read and map write", "concurrent map iteration and map write",
    "concurrent map clone and map write", "concurrent map swap and map write"};

constexpr ClassSet kWriteClasses{SymbolClass::kMapAssign, SymbolClass::kMapDelete, SymbolClass::kMapClear,
                                 SymbolClass::kMapGrow};

// The caller of the map operation that the stack's inner end stands in. A crash hides the runtime's frames:
// then the innermost frame is the caller.
size_t map_caller(Frames frames) {
  size_t i = 0;
  while (i < frames.size() && is_map_plumbing(frames[i].function, frames[i].file)) ++i;
  return i < frames.size() ? i : kNoFrame;
}

// The map's address where a frame of the swiss map's code shows it: (*Map).x(m, ...), (*table).split(t, typ,
// m).
uint64_t map_address(Frames frames) {
  for (const model::GoroutineFrame& frame : frames) {
    const std::string_view name = frame.function;
    if (!name.starts_with("internal/runtime/maps.")) continue;
    if (name.starts_with("internal/runtime/maps.(*Map).")) {
      if (const uint64_t address = first_pointer(frame.arguments); address != 0) return address;
    }
    const bool takes_map = name.ends_with("(*table).split") || name.ends_with("(*table).rehash") ||
                           name.ends_with("(*table).grow");
    if (!takes_map) continue;
    const std::string_view arguments = frame.arguments;
    const size_t first = arguments.find(", ");
    const size_t second = first == std::string_view::npos ? first : arguments.find(", ", first + 2);
    if (second == std::string_view::npos) continue;
    if (const uint64_t address = first_pointer(arguments.substr(second + 2)); address != 0) return address;
  }
  return 0;
}

std::string_view fatal_error_of(const model::Goroutines& goroutines) {
  for (const std::string_view text : kFatalErrors) {
    if (goroutines.fatal_error.starts_with(text)) return text;
  }
  return {};
}

// The crash is there: the first goroutine is the one that the runtime caught.
std::optional<model::Finding> judge_crash(const model::GoroutinesFact& fact) {
  const std::string_view error = fatal_error_of(fact.goroutines);
  if (error.empty()) return std::nullopt;
  model::Finding finding;
  finding.severity = model::Severity::kCritical;
  const std::vector<model::Goroutine>& list = fact.goroutines.list;
  const auto caught = std::ranges::find_if(list, [](const model::Goroutine& g) {
    return g.state == "running" && map_caller(g.frames) != kNoFrame;
  });
  std::string where = "a line that the output does not name";
  int64_t others = 0;
  if (caught != list.end()) {
    const size_t caller = map_caller(caught->frames);
    const model::GoroutineFrame& line = caught->frames[user_frame(caught->frames, caller)];
    finding.location = location_of(line, "map operation");
    where = std::string(line.function) + " (" + place_text(line.file, line.line) + ")";
    std::set<std::pair<std::string_view, int64_t>> shown;
    for (const model::Goroutine& other : list) {
      if (other.id == caught->id) continue;
      const size_t at = map_caller(other.frames);
      if (at == kNoFrame) continue;
      const model::GoroutineFrame& frame = other.frames[user_frame(other.frames, at)];
      // Beside the one that was caught: whoever stands in the same function, or runs in the same type's
      // methods.
      if (place_of(frame.function) != place_of(line.function)) continue;
      ++others;
      if (shown.size() < 4 && shown.emplace(frame.file, frame.line).second) {
        finding.related.push_back(location_of(frame, "other goroutine near the map"));
      }
    }
    if (!caught->created_by.function.empty())
      finding.related.push_back(location_of(caught->created_by, "created by"));
  }
  finding.title = "The process died: " + std::string(error) +
                  (caught != list.end() ? " in " + finding.location.function : "");
  finding.summary =
      "The runtime ended the process (exit status 2) because two goroutines used one map at the same time, "
      "at least "
      "one of them writing, without a lock. It was caught in " +
      where + ". No recover() can stop this.";
  finding.evidence.push_back(
      {.name = "fatal error: " + std::string(error),
       .value = 1,
       .unit = "count",
       .threshold = 1,
       .basis = model::Basis::kMeasured,
       .artefact = fact.artefact,
       .note = "the runtime names the goroutine that it caught, not the one that it raced with"});
  if (others > 0) {
    finding.evidence.push_back({.name = "other goroutines in the same code",
                                .value = static_cast<double>(others),
                                .unit = "goroutines",
                                .threshold = std::nullopt,
                                .basis = model::Basis::kInferred,
                                .artefact = fact.artefact,
                                .note = "by function and receiver's type"});
  }
  finding.advice = std::string(error == "concurrent map writes"
                                   ? "Guard every use of this map, reads included, by one mutex"
                                   : "One side reads or iterates without a lock: guard every use of this map "
                                     "by one sync.RWMutex, or copy "
                                     "it before handing it out") +
                   "; a sync.Map only where keys are written once and read often. Run the tests with -race: "
                   "it names both sides.";
  return finding;
}

struct Writer {
  const Stack* stack = nullptr;
  size_t caller = kNoFrame;
  uint64_t map = 0;       // 0 = not shown
  uint64_t argument = 0;  // the caller's receiver or first pointer, even where marked as possibly stale
};

uint64_t loose_pointer(std::string_view arguments) {
  std::string first(arguments.substr(0, arguments.find_first_of(",)")));
  if (first.ends_with('?')) first.pop_back();
  return first_pointer(first);
}

std::vector<Writer> writers_in(const Snapshot& snapshot) {
  std::vector<Writer> writers;
  for (const Stack& stack : snapshot.stacks) {
    if (stack.wait != Wait::kRunning && stack.wait != Wait::kOther) continue;
    const size_t caller = map_caller(stack.frames);
    if (caller == kNoFrame || is_standard_library(stack.frames[caller].function, stack.frames[caller].file))
      continue;
    const bool writes =
        std::ranges::any_of(stack.frames.first(caller), [](const model::GoroutineFrame& frame) {
          return kWriteClasses.has(classify(frame.function, frame.file).symbol_class);
        });
    if (!writes) continue;
    writers.push_back({.stack = &stack,
                       .caller = caller,
                       .map = map_address(stack.frames),
                       .argument = loose_pointer(stack.frames[caller].arguments)});
  }
  return writers;
}

// Whether some writers of one line provably write one map, provably write different ones, or neither.
enum class Identity : uint8_t { kSame, kDifferent, kUnknown };

Identity identity_of(const std::vector<Writer>& writers) {
  std::map<uint64_t, int> maps;
  std::map<uint64_t, int> arguments;
  for (const Writer& writer : writers) {
    if (writer.map != 0) ++maps[writer.map];
    if (writer.argument != 0) ++arguments[writer.argument];
  }
  const auto repeats = [](const std::map<uint64_t, int>& seen) {
    return std::ranges::any_of(seen, [](const auto& entry) { return entry.second > 1; });
  };
  if (repeats(maps)) return Identity::kSame;
  const size_t known = std::max(maps.size(), arguments.size());
  if (known == writers.size() && !repeats(arguments)) return Identity::kDifferent;
  return Identity::kUnknown;
}

using Line = std::pair<std::string, int64_t>;

// Lines at which goroutines of one dump stand with a first argument of their own each: likely each with its
// own map.
std::set<Line> lines_with_own_maps(const std::vector<Snapshot>& all) {
  std::set<Line> result;
  for (const Snapshot& snapshot : all) {
    if (!snapshot.is_dump) continue;
    std::map<Line, std::pair<size_t, std::set<uint64_t>>> seen;
    for (const Stack& stack : snapshot.stacks) {
      const size_t caller = map_caller(stack.frames);
      if (caller == kNoFrame) continue;
      const model::GoroutineFrame& frame = stack.frames[caller];
      auto& [goroutines, pointers] = seen[{std::string(frame.function), frame.line}];
      ++goroutines;
      if (const uint64_t pointer = loose_pointer(frame.arguments); pointer != 0) pointers.insert(pointer);
    }
    for (const auto& [line, at] : seen) {
      if (at.first > 1 && at.second.size() == at.first) result.insert(line);
    }
  }
  return result;
}

// Several goroutines inside a write at one line, at one moment: nobody can be when one lock guards one map.
void judge_snapshot(const Snapshot& snapshot, const config::Thresholds& thresholds,
                    const std::set<Line>& own_maps, const std::set<std::string, std::less<>>& locked_places,
                    std::map<Line, model::Finding>& found) {
  std::map<std::pair<std::string_view, int64_t>, std::vector<Writer>> lines;
  for (const Writer& writer : writers_in(snapshot)) {
    const model::GoroutineFrame& frame = writer.stack->frames[writer.caller];
    lines[{frame.function, frame.line}].push_back(writer);
  }
  for (const auto& [line, writers] : lines) {
    int64_t count = 0;
    for (const Writer& writer : writers) count += writer.stack->count;
    if (static_cast<double>(count) < thresholds.get(kWriters)) continue;
    const Identity identity = identity_of(writers);
    if (identity == Identity::kDifferent) continue;
    const bool same = identity == Identity::kSame;
    const model::GoroutineFrame& frame = writers.front().stack->frames[writers.front().caller];
    // A lock is taken there: then these are several maps, shards for instance, each with its lock.
    if (!same && (own_maps.contains({std::string(frame.function), frame.line}) ||
                  locked_places.contains(place_of(frame.function)))) {
      continue;
    }
    model::Finding finding;
    finding.severity = same ? model::Severity::kWarning : model::Severity::kInfo;
    finding.title = std::to_string(count) + " goroutines were writing a map at the same moment in " +
                    std::string(frame.function);
    finding.summary =
        "When the snapshot was taken, " + std::to_string(count) + " goroutines stood inside a map write at " +
        place_text(frame.file, frame.line) + ". " +
        (same ? "The dump shows the same map's address for several of them: no lock keeps them apart. The "
                "runtime ends the process when it notices."
              : "With one map and one lock around it that can't be. Whether it is one map they write, the "
                "snapshot doesn't show: each may have its own.");
    finding.evidence.push_back({.name = "goroutines inside a map write at one line",
                                .value = static_cast<double>(count),
                                .unit = "goroutines",
                                .threshold = thresholds.get(kWriters),
                                .basis = same ? model::Basis::kMeasured : model::Basis::kInferred,
                                .artefact = std::string(snapshot.artefact),
                                .note = same ? "at one moment, by the map's address"
                                             : "at one moment; one map or several is not known"});
    finding.location = location_of(frame, "map operation");
    finding.advice =
        "If the map is shared, guard every use of it by one mutex, or shard it. Run the tests with -race: it "
        "proves or clears this line.";
    found.try_emplace({std::string(frame.function), frame.line}, std::move(finding));
  }
}

Judgement judge(const RuleInput& input) {
  Judgement judgement;
  for (const model::GoroutinesFact& fact : input.facts.goroutines) {
    if (std::optional<model::Finding> finding = judge_crash(fact))
      judgement.findings.push_back(std::move(*finding));
  }
  const std::vector<Snapshot> all = snapshots(input.facts);
  if (all.empty()) {
    return Judgement::unknown("neither a crash's output nor a goroutine dump or profile (goroutine: " +
                              input.facts.why_missing("goroutine") + ")");
  }
  const std::set<Line> own_maps = lines_with_own_maps(all);
  std::set<std::string, std::less<>> locked_places;
  for (const LockPlace& place :
       lock_places(contention_profile(input.facts, model::ProfileKind::kBlock),
                   contention_profile(input.facts, model::ProfileKind::kMutex), all)) {
    locked_places.insert(place.place);
  }
  std::map<Line, model::Finding> found;
  // The dump first: it may show the map's address.
  for (const bool dumps : {true, false}) {
    for (const Snapshot& snapshot : all) {
      if (snapshot.is_dump != dumps || !judgement.findings.empty()) continue;
      judge_snapshot(snapshot, input.thresholds, own_maps, locked_places, found);
    }
  }
  for (auto& [line, finding] : found) judgement.findings.push_back(std::move(finding));
  std::ranges::stable_sort(judgement.findings, std::ranges::greater{}, &model::Finding::severity);
  return judgement;
}

}  // namespace

Rule map_concurrent_write() {
  return {.id = "GO-MAP-CONCURRENT-WRITE",
          .title = "a map is written by several goroutines without a lock",
          .requirement = "G7",
          .thresholds = {kWriters},
          .judge = judge};
}

}  // namespace edp::analyse::go
