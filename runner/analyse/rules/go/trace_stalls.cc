#include "runner/analyse/rules/go/trace_stalls.h"

#include <algorithm>
#include <map>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/map_source.h"
#include "runner/analyse/rules/go/trace_load.h"
#include "runner/analyse/rules/go/trace_work.h"
#include "runner/analyse/sites.h"
#include "runner/analyse/source_line.h"

namespace edp::analyse::go {
namespace {

// Each is held against whole profiles.
constexpr size_t kMostLocks = 20;
constexpr size_t kHandlersNamed = 2;
// One sample in growth may be a single small map's.
constexpr int64_t kLeastGrowthSamples = 2;

bool is_iteration(const HolderWork& work, double range_percent) {
  const int64_t iterate =
      saturating_add(work.at(SymbolClass::kMapIterate), work.at(SymbolClass::kSyncMapRange));
  if (work.from_source) return !work.lines.empty() && work.lines.front().iterate > 0;
  return work.map_samples > 0 &&
         100.0 * static_cast<double>(iterate) / static_cast<double>(work.map_samples) >= range_percent;
}

StallCause cause_of(const HolderWork& work, const config::Thresholds& thresholds) {
  if (work.from_source || work.map_samples > 0) {
    if (!work.from_source && work.percent(work.map_samples) < thresholds.get(kMapShare))
      return StallCause::kNoMap;
    if (is_iteration(work, thresholds.get(kStallRange))) return StallCause::kRange;
    const bool grows =
        work.growth >= kLeastGrowthSamples && work.percent(work.growth) >= thresholds.get(kStallGrowth);
    return grows ? StallCause::kGrowth : StallCause::kWork;
  }
  return work.samples > 0 ? StallCause::kNoMap : StallCause::kUnknown;
}

const HolderWork::Line* map_line(const HolderWork& work, StallCause cause) {
  const auto weight = [&](const HolderWork::Line& line) {
    const int64_t part = cause == StallCause::kGrowth  ? line.growth
                         : cause == StallCause::kRange ? line.iterate
                                                       : 0;
    return std::pair(part, line.samples);
  };
  const auto heaviest = std::ranges::max_element(work.lines, {}, weight);
  return heaviest == work.lines.end() ? nullptr : &*heaviest;
}

// Most of them at one time, of those that end up long.
size_t most_at_once(const std::vector<const LockWait*>& waits) {
  std::vector<std::tuple<uint32_t, int64_t, int>> changes;
  for (const LockWait* wait : waits) {
    changes.emplace_back(wait->trace, wait->begin, 1);
    changes.emplace_back(wait->trace, wait->end, -1);
  }
  std::ranges::sort(changes);
  int now = 0;
  int most = 0;
  for (const auto& [trace, time, change] : changes) most = std::max(most, now += change);
  return static_cast<size_t>(most);
}

std::string name_handlers(const std::map<std::string_view, int64_t>& by_handler) {
  std::vector<std::pair<int64_t, std::string_view>> order;
  for (const auto& [name, waited] : by_handler) order.emplace_back(waited, name);
  std::ranges::sort(order, std::ranges::greater{});
  std::string text;
  for (size_t i = 0; i < order.size() && i < kHandlersNamed; ++i) {
    if (i > 0) text += " and ";
    text += order[i].second;
  }
  if (order.size() > kHandlersNamed) text += " and others";
  return text;
}

void read_waits(Stall& stall, const RuleInput& input, const TraceLocks& locks, int64_t least) {
  const model::Facts& facts = input.facts;
  std::map<std::string_view, int64_t> by_handler;
  std::vector<const LockWait*> sure_waits;
  stall.total = stall.lock->waited;
  for (const LockWait& wait : stall.lock->waits) {
    if (wait.duration() > stall.longest) {
      stall.longest = wait.duration();
      stall.cut = wait.cut;
      stall.where = {.begin = wait.begin,
                     .end = wait.end,
                     .goroutine = facts.traces[wait.trace].timeline->goroutines[wait.goroutine].id};
      stall.artefact = facts.traces[wait.trace].artefact;
    }
    if (wait.duration() < least) continue;
    ++stall.long_waits;
    const double machine = machine_share_during(input, wait.trace, wait.begin, wait.end);
    if (static_cast<double>(wait.duration()) * machine >= static_cast<double>(least))
      sure_waits.push_back(&wait);
    stall.goroutines.insert(facts.traces[wait.trace].timeline->goroutines[wait.goroutine].id);
    const std::string_view handler = locks.stacks[wait.trace]->of(wait.stack).handler();
    if (!handler.empty()) by_handler[handler] += wait.duration();
  }
  stall.sure_waits = sure_waits.size();
  stall.at_once = most_at_once(sure_waits);
  stall.handlers = name_handlers(by_handler);
}

void read_holder(Stall& stall, const TraceLocks& locks) {
  struct Sum {
    int64_t waited = 0, longest = 0;
    size_t holds = 0;
    const LockHold* any = nullptr;
  };
  std::map<std::pair<std::string_view, int64_t>, Sum> sums;
  const auto frame = [&](const LockHold& hold) -> const model::GoroutineFrame& {
    const TraceStack& stack = locks.stacks[hold.trace]->of(hold.release);
    return stack.frames[stack.lock.owner];
  };
  for (const LockHold& hold : stall.lock->holds) {
    if (!locks.stacks[hold.trace]->of(hold.release).lock.found()) continue;
    Sum& sum = sums[{frame(hold).function, frame(hold).line}];
    sum.waited = saturating_add(sum.waited, hold.waited);
    sum.longest = std::max(sum.longest, hold.end - hold.begin);
    ++sum.holds;
    if (sum.any == nullptr) sum.any = &hold;
  }
  const auto most = std::ranges::max_element(sums, {}, [](const auto& entry) { return entry.second.waited; });
  if (most == sums.end()) return;
  const Sum& sum = most->second;
  stall.holder = frame(*sum.any);
  stall.held_longest = sum.longest;
  stall.holds = sum.holds;
}

// The rules on stalls ask for the same ones, and each is dear.
struct StallCache {
  explicit StallCache(const model::Facts& /*facts*/) {}
  mutable std::optional<std::vector<Stall>> at_locks, in_sync_maps;
};

std::vector<Stall> search(const RuleInput& input, bool inside_sync_map) {
  const auto& locks = input.readings.own<TraceLocks>();
  const auto least = static_cast<int64_t>(input.thresholds.get(kLockWait) * 1e6);
  const std::vector<LockPlace> places =
      lock_places(contention_profile(input.facts, model::ProfileKind::kBlock),
                  contention_profile(input.facts, model::ProfileKind::kMutex), {});
  std::vector<Stall> stalls;
  for (const TraceLock& lock : locks.locks) {
    if (lock.inside_sync_map != inside_sync_map) continue;
    if (stalls.size() == kMostLocks) break;
    Stall stall{.lock = &lock};
    read_waits(stall, input, locks, least);
    if (stall.long_waits == 0) continue;
    read_holder(stall, locks);
    if (!inside_sync_map) {
      stall.work = holder_work(input, locks, lock, places);
      stall.cause = cause_of(stall.work, input.thresholds);
      if (const HolderWork::Line* line = map_line(stall.work, stall.cause)) {
        stall.map_line = line->frame;
        stall.map_name = map_in_line(read_source_line(line->frame.file, line->frame.line));
      }
    }
    stalls.push_back(std::move(stall));
  }
  return stalls;
}

}  // namespace

double HolderWork::percent(int64_t part) const {
  return samples <= 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(samples);
}

const std::vector<Stall>& find_stalls(const RuleInput& input, bool inside_sync_map) {
  const auto& cache = input.readings.own<StallCache>();
  auto& stalls = inside_sync_map ? cache.in_sync_maps : cache.at_locks;
  if (!stalls) stalls = search(input, inside_sync_map);
  return *stalls;
}

model::Severity severity_of(const Stall& stall, const config::Thresholds& thresholds) {
  if (static_cast<double>(stall.at_once) >= thresholds.get(kCriticalWaiting))
    return model::Severity::kCritical;
  return static_cast<double>(stall.sure_waits) >= thresholds.get(kStallMinWaits) ? model::Severity::kWarning
                                                                                 : model::Severity::kInfo;
}

std::string traces_missing(const model::Facts& facts) {
  if (facts.traces.empty()) {
    return "no execution trace (trace: " + facts.why_missing("trace") +
           "): collect trace, or give a file that /debug/pprof/trace?seconds=1 made";
  }
  const bool empty = std::ranges::all_of(facts.traces, [](const model::TraceFact& fact) {
    return fact.timeline->goroutines.empty() || fact.timeline->end <= 0;
  });
  return empty ? "nothing could be read from the execution trace" : "";
}

// The trace shows long waits; a block profile of the same time that knows none of this lock is at odds with
// it.
void add_contradiction(model::Finding& finding, const Stall& stall, const model::Facts& facts) {
  const ContentionProfile block = contention_profile(facts, model::ProfileKind::kBlock);
  if (block.fact == nullptr || block.is_empty || block.window_seconds <= 0) return;
  const double end = block.fact->taken_at;
  const bool within = std::ranges::any_of(stall.lock->waits, [&](const LockWait& wait) {
    const double taken = facts.traces[wait.trace].taken_at;
    return taken <= end && taken >= end - block.window_seconds;
  });
  if (!within) return;
  for (const LockPlace& place : lock_places(block, {}, {})) {
    if (place.place == stall.lock->place && place.wait_delay > 0) return;
  }
  finding.contradiction = "the block profile of the same time (" + block.fact->artefact +
                          ") shows no wait for this lock: its sampling rate may leave out what is rare";
}

Judgement judge_stalls(const RuleInput& input, StallCause cause, StallFinding make) {
  if (std::string reason = traces_missing(input.facts); !reason.empty())
    return Judgement::unknown(std::move(reason));
  Judgement judgement;
  std::string unclear;
  for (const Stall& stall : find_stalls(input, false)) {
    if (stall.cause == StallCause::kUnknown && unclear.empty()) {
      unclear = stall.handlers + " " + waits_text(stall) + ", " + lock_text(stall) +
                " but nothing shows what its holder did: let a CPU profile run while the trace is taken";
    }
    if (stall.cause != cause) continue;
    model::Finding finding;
    finding.severity = severity_of(stall, input.thresholds);
    finding.subject = lock_subject(stall.lock->place);
    finding.location = location_of(stall.map_line, "map operation");
    describe_waits(finding, stall, input);
    make(finding, stall, input);
    add_contradiction(finding, stall, input.facts);
    judgement.findings.push_back(std::move(finding));
  }
  if (judgement.findings.empty()) judgement.cannot_tell = std::move(unclear);
  return judgement;
}

}  // namespace edp::analyse::go
