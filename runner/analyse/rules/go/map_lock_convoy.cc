// GO-MAP-LOCK-CONVOY: goroutines queue for the Mutex or RWMutex that guards a map.
// docs/rules/GO-MAP-LOCK-CONVOY.md
#include <algorithm>
#include <cmath>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/critical_section.h"
#include "runner/analyse/rules/go/lock_cost.h"
#include "runner/analyse/rules/go/lock_sites.h"
#include "runner/analyse/rules/go/rules.h"
#include "runner/analyse/rules/go/trace_stalls.h"
#include "runner/analyse/sites.h"

namespace edp::analyse::go {
namespace {

// Each is held against whole profiles: those with the longest queues only.
constexpr size_t kMostPlaces = 20;

// What the work under the lock consists of, from the best profile that shows any of it.
struct Guard {
  SectionReading reading;
  std::string artefact;
  bool is_cpu = false;
  [[nodiscard]] bool found() const { return !reading.lines.empty(); }
};

Guard find_guard(const RuleInput& input, const LockPlace& place) {
  const std::vector<Section> sections = sections_of(place);
  Guard guard;
  const auto read = [&](const model::ProfileFact* fact, std::string_view type) {
    if (fact == nullptr || guard.found()) return;
    const uint32_t index = fact->profile.type_index(type);
    if (index == model::kNone) return;
    guard.reading = read_sections(fact->profile, index, sections);
    guard.artefact = fact->artefact;
    guard.is_cpu = type == "cpu";
  };
  using model::ProfileKind;
  read(input.facts.last(ProfileKind::kCpu), "cpu");
  // Enough CPU seen under the lock, and it is not the map's: then something else is guarded.
  if (guard.is_cpu && guard.reading.rows >= 5) {
    if (guard.reading.map_percent() < input.thresholds.get(kMapShare)) guard.reading.lines.clear();
    return guard;
  }
  // Too little CPU: a map that grows under the lock shows by what it allocates, a busy one by who stands in
  // it.
  for (const bool delta : {true, false}) {
    read(input.facts.last(ProfileKind::kAllocs, delta), "alloc_space");
    read(input.facts.last(ProfileKind::kHeap, delta), "alloc_space");
  }
  read(input.facts.last(ProfileKind::kGoroutine), "goroutine");
  return guard;
}

// Whether most of the waiting is done by readers, at RLock.
bool readers_wait(const LockPlace& place) {
  int64_t delay = 0;
  for (const LockSite& site : place.waits) {
    if (site.operation == SymbolClass::kRWMutexRLock) delay = saturating_add(delay, site.delay);
  }
  return delay > place.wait_delay / 2;
}

// The replacement that fits what was measured (G9), with the reason.
std::string advice(const LockPlace& place, const Guard& guard, const LockCost& cost) {
  const SectionReading& r = guard.reading;
  const bool read_locks = readers_wait(place);
  const double iterate = r.percent_of_map(SymbolClass::kMapIterate);
  const double grow = r.percent_of_map(SymbolClass::kMapGrow) + r.percent_of_map(SymbolClass::kMapMake);
  const double reads = r.percent_of_map(SymbolClass::kMapAccess);
  const double writes = r.percent_of_map(SymbolClass::kMapAssign) + r.percent_of_map(SymbolClass::kMapDelete);
  std::string text;
  if (guard.is_cpu && r.map_percent() < 50) {
    text += "Shorten the critical section first: " + percent_text(100 - r.map_percent()) +
            " of the CPU time under the lock is not the map's; move that work before Lock or behind Unlock. ";
  }
  if (!guard.is_cpu) {
    text +=
        "Little CPU was seen under the lock: look for what its holder waits for (I/O, a channel, another "
        "lock) "
        "and do that outside. ";
  } else if (read_locks && reads < 80) {
    text +=
        "Readers wait for this writer: prepare the change outside, a whole new map if need be, and hold the "
        "lock only "
        "to swap the pointer; with an atomic.Pointer to a map that is never changed readers take no lock at "
        "all. ";
  } else if (iterate >= 50) {
    text +=
        "Iteration is " + percent_text(iterate) +
        " of the map's time under the lock: keep the total or the sorted list that it computes up to date at "
        "each write, or copy what is needed under the lock and walk the copy outside. ";
  } else if (grow >= 30) {
    text += "Growth is " + percent_text(grow) +
            " of the map's time under the lock: make the map for its final size, or build the new one "
            "outside and "
            "only swap the pointer under the lock. ";
  } else if (reads >= 80 && !read_locks) {
    text +=
        "Reads are " + percent_text(reads) +
        " of the map's time under a lock that lets only one in: use sync.RWMutex, or, where writes are rare, "
        "copy-on-write (an atomic.Pointer to a map that is never changed) so that readers take no lock. ";
  } else if (reads >= 80) {
    text += "Reads are " + percent_text(reads) +
            " of the map's time and still queue, because each writer shuts all readers out and RLock itself "
            "is shared "
            "by all CPUs: copy-on-write (an atomic.Pointer to a map that is never changed) takes no lock to "
            "read. ";
  } else {
    text += "Writes are " + percent_text(writes) +
            " of the map's time under the lock: split map and lock into shards by "
            "a hash of the key (32 or 64, each padded to a cache line), so that writers of different keys "
            "don't meet; "
            "collect several changes and take the lock once where the caller has many. ";
    text += "An RWMutex would not help: writers exclude each other there too. ";
  }
  if (cost.wait_seconds >= 0.001) {
    text +=
        "Above 1 ms of waiting Go's mutex hands the lock over in strict order (starvation mode), which slows "
        "every "
        "handover by a goroutine switch.";
  }
  return text;
}

// By Little's law a queue is to be met at nearly every moment: where traces of the same run show nobody at
// the lock, the two are at odds.
std::string against_traces(const RuleInput& input, const LockPlace& place, const LockCost& cost) {
  constexpr double kEnoughSeconds = 0.1;
  if (input.facts.traces.empty() || cost.waiting < 1) return {};
  const auto& locks = input.readings.own<TraceLocks>();
  if (locks.seconds < kEnoughSeconds || locks.find(place.place, false) != nullptr) return {};
  const bool whole = std::ranges::all_of(input.facts.traces, [](const model::TraceFact& fact) {
    return fact.timeline->problems.empty() && !fact.timeline->goroutines.empty();
  });
  if (!whole) return {};
  return "the execution traces of the same run, " + seconds_text(locks.seconds) +
         " together, show nobody waiting for this lock: the queue comes and goes";
}

model::Finding make_finding(const RuleInput& input, const LockPlace& place, const Guard& guard,
                            const LockCost& cost) {
  const MapLine& map_line = guard.reading.lines.front();
  model::Finding finding;
  const double critical = input.thresholds.get(kCriticalWaiting);
  const bool long_wait = cost.wait_seconds * 1e3 >= input.thresholds.get(kLockWait);
  finding.severity =
      long_wait && cost.waiting >= critical ? model::Severity::kCritical : model::Severity::kWarning;
  if (!cost.is_steady) finding.severity = model::Severity::kInfo;

  const std::string wait = cost.wait_seconds > 0 ? seconds_text(cost.wait_seconds) + " each " : "";
  finding.title = "Goroutines wait " + wait + "for the lock around the map in " + place.place;
  finding.summary =
      "On average " + count_text(cost.waiting) + " goroutines stand at the lock of " + place.place +
      (cost.wait_seconds > 0 ? ", each for " + seconds_text(cost.wait_seconds) : "") +
      ", while its holder works on a map at " + place_text(map_line.frame.file, map_line.frame.line) + ". ";
  if (guard.is_cpu) {
    finding.summary +=
        "Map operations are " + percent_text(guard.reading.map_percent()) +
        " of the CPU time seen while the lock is held; whatever runs behind this lock runs one at a time.";
  } else {
    finding.summary += "That the lock guards this map is concluded from " + guard.artefact +
                       ": too little CPU time was seen while it is held.";
  }
  add_cost_evidence(finding, cost, input.thresholds);
  if (cost.waiting > 0) {
    finding.evidence.back().note += finding.evidence.back().note.empty() ? "" : "; ";
    finding.evidence.back().note += "CRITICAL from " + count_text(critical) + " on";
  }
  finding.evidence.push_back(
      {.name = "map operations under the lock",
       .value = guard.is_cpu ? guard.reading.map_percent() : 1,
       .unit = guard.is_cpu ? "percent" : "count",
       .threshold = guard.is_cpu ? std::optional(input.thresholds.get(kMapShare)) : std::nullopt,
       .basis = guard.is_cpu ? model::Basis::kSampled : model::Basis::kInferred,
       .artefact = guard.artefact,
       .note = "of the CPU time between Lock and Unlock, by the lines of both"});
  if (!guard.is_cpu) finding.evidence.back().note = "a map operation was seen between Lock and Unlock";

  finding.subject = lock_subject(place.place);
  finding.contradiction = against_traces(input, place, cost);
  finding.location = location_of(map_line.frame, "map operation");
  add_lock_lines(finding, place);
  // The holder, where no mutex profile names the line that hands the lock over.
  if (place.releases.empty()) {
    finding.evidence.back().note +=
        "; the holder is inferred from it, no mutex profile names the Unlock line";
  }
  finding.advice = advice(place, guard, cost);
  return finding;
}

Judgement judge(const RuleInput& input) {
  const ContentionProfile block = contention_profile(input.facts, model::ProfileKind::kBlock);
  const ContentionProfile mutex = contention_profile(input.facts, model::ProfileKind::kMutex);
  const std::vector<Snapshot> all = snapshots(input.facts);
  const std::vector<LockPlace> places = lock_places(block, mutex, all);

  std::vector<std::pair<const LockPlace*, LockCost>> convoys;
  std::string unclear;
  for (const LockPlace& place : places) {
    LockCost cost = cost_of(place, block, mutex, all, input);
    if (!cost.unclear.empty() && cost.wait_seconds * 1e3 >= input.thresholds.get(kLockStarvation)) {
      unclear = cost.unclear;
    }
    if (is_convoy(cost, input.thresholds)) convoys.emplace_back(&place, std::move(cost));
  }
  std::ranges::stable_sort(convoys,
                           [](const auto& a, const auto& b) { return a.second.waiting > b.second.waiting; });
  if (convoys.size() > kMostPlaces) convoys.resize(kMostPlaces);
  Judgement judgement;
  for (const auto& [place, cost] : convoys) {
    const Guard guard = find_guard(input, *place);
    if (guard.found()) judgement.findings.push_back(make_finding(input, *place, guard, cost));
  }
  if (!judgement.findings.empty()) return judgement;
  if (!unclear.empty()) return Judgement::unknown(unclear);
  if (block.is_empty && mutex.is_empty) return Judgement::unknown(how_to_profile_locks(input.facts));
  return Judgement::clean();
}

}  // namespace

Rule map_lock_convoy() {
  return {.id = "GO-MAP-LOCK-CONVOY",
          .title = "goroutines queue for the lock around a map",
          .requirement = "G7",
          .thresholds = {kLockWait, kLockStarvation, kLockWaiting, kLockMinWaiting, kLockMinEvents, kMapShare,
                         kCriticalWaiting},
          .judge = judge};
}

}  // namespace edp::analyse::go
