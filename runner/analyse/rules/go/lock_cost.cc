#include "runner/analyse/rules/go/lock_cost.h"

#include <algorithm>
#include <set>

#include "runner/analyse/format.h"

namespace edp::analyse::go {
namespace {

constexpr size_t kLinesShown = 4;

// The profile charges the goroutine that hands the lock over.
constexpr std::string_view kMutexNote =
    "a mutex profile charges the Unlock that hands over, not always the one that held longest "
    "(golang/go#24877, "
    "#73760)";

double top_share(const LockPlace& place) {
  // The largest dump tells best.
  const Waiters* best = nullptr;
  for (const Waiters& waiters : place.waiters) {
    if (!waiters.by_lock.empty() && (best == nullptr || waiters.count > best->count)) best = &waiters;
  }
  return best == nullptr || best->count < 3 ? 1 : best->top_share();
}

void share_out(LockCost& cost, const LockPlace& place) {
  const double share = top_share(place);
  if (share >= 0.95 || cost.waiting <= 0) return;
  cost.waiting *= share;
  cost.waiting_note = "several locks are taken at these lines; by the addresses in the goroutine dump " +
                      percent_text(100 * share) + " of the waiters stand at one of them";
}

LockCost from_block(const LockPlace& place, const ContentionProfile& block,
                    const std::vector<Snapshot>& all) {
  LockCost cost;
  cost.events = static_cast<double>(place.wait_contentions);
  cost.wait_seconds = static_cast<double>(place.wait_delay) / 1e9 / std::max(1.0, cost.events);
  cost.wait_artefact = block.fact->artefact;
  if (block.window_seconds > 0) {
    cost.waiting = static_cast<double>(place.wait_delay) / 1e9 / block.window_seconds;
    cost.waiting_artefact = cost.wait_artefact;
    share_out(cost, place);
  } else if (const std::optional<double> waiting = waiting_in_snapshots(place, all)) {
    cost.waiting = *waiting;
    cost.waiting_basis = model::Basis::kMeasured;
    cost.waiting_artefact = all.back().artefact;
    cost.waiting_note =
        "the mean of " + std::to_string(all.size()) + " snapshots; the block profile has no window";
    cost.is_steady = all.size() > 1;
  } else {
    cost.unclear =
        "the block profile shows waits for locks, but it covers the time since the process began: take one "
        "over a window (block?seconds=30), or a goroutine dump beside it";
  }
  return cost;
}

LockCost from_mutex(const LockPlace& place, const ContentionProfile& mutex, const std::vector<Snapshot>& all,
                    const RuleInput& input) {
  LockCost cost;
  const int64_t fraction = std::max<int64_t>(1, input.facts.rates.mutex_fraction.value_or(1));
  cost.events = static_cast<double>(place.release_contentions) / static_cast<double>(fraction);
  const double mean = static_cast<double>(place.release_delay) / 1e9 /
                      std::max(1.0, static_cast<double>(place.release_contentions));
  const double per_window =
      mutex.window_seconds > 0 ? static_cast<double>(place.release_delay) / 1e9 / mutex.window_seconds : 0;
  cost.wait_artefact = cost.waiting_artefact = mutex.fact->artefact;
  cost.wait_note = kMutexNote;
  const std::optional<bool> counts_all = mutex_delay_counts_all_waiters(input.facts);
  const std::optional<double> seen = waiting_in_snapshots(place, all);
  // More than the window itself is possible only where every waiter counts.
  if (counts_all.value_or(per_window > 1.5)) {
    cost.wait_seconds = mean;
    cost.waiting = per_window;
    share_out(cost, place);
    if (per_window > 0) return cost;
  } else if (seen) {
    // Before 1.22 the mean is the time from one handover to the next; a waiter sits through the whole queue.
    cost.wait_seconds = mean * std::max(1.0, *seen);
    cost.wait_basis = model::Basis::kInferred;
    cost.wait_note =
        "before Go 1.22 a mutex profile counts one waiter only: the time between handovers, times the "
        "goroutines seen waiting; " +
        std::string(kMutexNote);
  }
  if (seen) {
    cost.waiting = *seen;
    cost.waiting_basis = model::Basis::kMeasured;
    cost.waiting_artefact = all.back().artefact;
    cost.waiting_note = "the mean of " + std::to_string(all.size()) + " snapshots";
    cost.is_steady = all.size() > 1 || mutex.window_seconds > 0;
  } else {
    cost.unclear =
        "the mutex profile shows contention, but not how many wait: take a goroutine dump beside it, or "
        "switch on the block profile (runtime.SetBlockProfileRate(10000))";
  }
  return cost;
}

LockCost from_snapshots(const LockPlace& place, const std::vector<Snapshot>& all, const RuleInput& input) {
  LockCost cost;
  const double enough = input.thresholds.get(kLockWaiting);
  size_t crowded = 0;
  double first = 0;
  double last = 0;
  int64_t minutes = 0;
  for (const Waiters& waiters : place.waiters) {
    minutes = std::max(minutes, waiters.minutes);
    if (static_cast<double>(waiters.count) * waiters.top_share() < enough) continue;
    if (crowded++ == 0) first = waiters.snapshot->taken_at;
    last = waiters.snapshot->taken_at;
    cost.events += static_cast<double>(waiters.count);
    cost.waiting_artefact = waiters.snapshot->artefact;
  }
  cost.waiting = waiting_in_snapshots(place, all).value_or(0);
  cost.waiting_basis = model::Basis::kMeasured;
  cost.waiting_note =
      "the mean of " + std::to_string(all.size()) + " snapshots; block and mutex profile are empty";
  cost.is_steady = minutes > 0 || (crowded >= 2 && last - first >= 1);
  if (minutes > 0) {
    cost.wait_seconds = 60.0 * static_cast<double>(minutes);
    cost.wait_basis = model::Basis::kMeasured;
    cost.wait_artefact = cost.waiting_artefact;
    cost.wait_note = "the longest wait that the dump names, in whole minutes";
  }
  return cost;
}

}  // namespace

LockCost cost_of(const LockPlace& place, const ContentionProfile& block, const ContentionProfile& mutex,
                 const std::vector<Snapshot>& all, const RuleInput& input) {
  LockCost cost;
  if (place.wait_delay > 0 && block.fact != nullptr) {
    cost = from_block(place, block, all);
  } else if (block.is_empty && place.release_delay > 0 && mutex.fact != nullptr) {
    cost = from_mutex(place, mutex, all, input);
  } else if (!place.waiters.empty()) {
    cost = from_snapshots(place, all, input);
  }
  if (mutex.fact != nullptr && place.release_contentions > 0 && mutex.window_seconds > 0) {
    cost.handovers_per_second = static_cast<double>(place.release_contentions) / mutex.window_seconds;
    cost.handover_artefact = mutex.fact->artefact;
  }
  return cost;
}

bool is_convoy(const LockCost& cost, const config::Thresholds& thresholds) {
  if (!cost.unclear.empty() || cost.events < thresholds.get(kLockMinEvents)) return false;
  const double wait_ms = cost.wait_seconds * 1e3;
  const bool many = cost.waiting >= thresholds.get(kLockWaiting);
  // Without a profile nothing tells how long they wait.
  if (cost.wait_seconds <= 0) return many;
  if (many && wait_ms >= thresholds.get(kLockStarvation)) return true;
  return wait_ms >= thresholds.get(kLockWait) && cost.waiting >= thresholds.get(kLockMinWaiting);
}

void add_cost_evidence(model::Finding& finding, const LockCost& cost, const config::Thresholds& thresholds) {
  if (cost.wait_seconds > 0) {
    finding.evidence.push_back({.name = "mean wait for the lock",
                                .value = cost.wait_seconds * 1e9,
                                .unit = "nanoseconds",
                                .threshold = thresholds.get(kLockWait) * 1e6,
                                .basis = cost.wait_basis,
                                .artefact = cost.wait_artefact,
                                .note = cost.wait_note});
  }
  if (cost.handovers_per_second > 0) {
    finding.evidence.push_back({.name = "contended handovers of the lock",
                                .value = cost.handovers_per_second,
                                .unit = "per_second",
                                .threshold = std::nullopt,
                                .basis = model::Basis::kSampled,
                                .artefact = cost.handover_artefact,
                                .note = std::string(kMutexNote)});
  }
  if (cost.waiting > 0) {
    finding.evidence.push_back({.name = "goroutines waiting for the lock at a time",
                                .value = cost.waiting,
                                .unit = "goroutines",
                                .threshold = thresholds.get(kLockWaiting),
                                .basis = cost.waiting_basis,
                                .artefact = cost.waiting_artefact,
                                .note = cost.waiting_note});
  }
}

void add_lock_lines(model::Finding& finding, const LockPlace& place) {
  const auto add = [&](const model::GoroutineFrame& frame, const char* role,
                       std::set<std::pair<std::string, int64_t>>& seen) {
    if (seen.size() >= kLinesShown || !seen.emplace(frame.file, frame.line).second) return;
    finding.related.push_back(location_of(frame, role));
  };
  std::set<std::pair<std::string, int64_t>> holders;
  for (const LockSite& site : place.releases) add(site.user, "holder", holders);
  std::set<std::pair<std::string, int64_t>> waiters;
  for (const LockSite& site : place.waits) add(site.user, "waiter", waiters);
  for (const Waiters& now : place.waiters) {
    for (const Stack* stack : now.stacks) {
      add(stack->frames[user_frame(stack->frames, stack->lock.owner)], "waiter", waiters);
    }
  }
}

}  // namespace edp::analyse::go
