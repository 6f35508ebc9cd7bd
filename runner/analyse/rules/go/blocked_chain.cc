// GO-BLOCKED-CHAIN: many goroutines blocked behind one lock or channel, and who holds them up.
// docs/rules/GO-BLOCKED-CHAIN.md
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/lock_cost.h"
#include "runner/analyse/rules/go/lock_holder.h"
#include "runner/analyse/rules/go/lock_sites.h"
#include "runner/analyse/rules/go/rules.h"
#include "runner/analyse/rules/go/senders.h"

namespace edp::analyse::go {
namespace {

constexpr config::ThresholdSpec kChain{
    "chain.goroutines", 10, "goroutines",
    "so many blocked at one lock or channel send at one moment form a chain"};
constexpr config::ThresholdSpec kCriticalWait{
    "chain.critical_wait_milliseconds", 1000, "milliseconds",
    "CRITICAL when goroutines wait so long behind one lock, on average: callers run into their timeouts"};

// Each is held against all goroutines: the longest queues only.
constexpr size_t kMostPlaces = 20;

// How long, and how often, the queue was seen.
struct Persistence {
  const Waiters* largest = nullptr;  // a dump where one shows the chain: it names states and ids
  size_t crowded = 0;                // snapshots with enough waiters
  double seconds = 0;                // between the first and the last of them
  int64_t minutes = 0;
  int64_t same_ids = 0;  // goroutines that wait in the first and in the last dump
  double dumps_apart = 0;
};

double queue_length(const Waiters& waiters) {
  return static_cast<double>(waiters.count) * waiters.top_share();
}

std::set<uint64_t> ids_of(const Waiters& waiters) {
  std::set<uint64_t> ids;
  for (const Stack* stack : waiters.stacks) ids.insert(stack->id);
  return ids;
}

Persistence persistence_of(const LockPlace& place, double enough) {
  Persistence result;
  const Waiters* first_dump = nullptr;
  const Waiters* last_dump = nullptr;
  double first = 0;
  for (const Waiters& waiters : place.waiters) {
    if (queue_length(waiters) < enough) continue;
    if (result.crowded++ == 0) first = waiters.snapshot->taken_at;
    result.seconds = waiters.snapshot->taken_at - first;
    result.minutes = std::max(result.minutes, waiters.minutes);
    if (waiters.snapshot->is_dump) {
      if (first_dump == nullptr) first_dump = &waiters;
      last_dump = &waiters;
    }
    const auto worth = [](const Waiters& w) { return std::pair(w.snapshot->is_dump, w.count); };
    if (result.largest == nullptr || worth(waiters) > worth(*result.largest)) result.largest = &waiters;
  }
  if (first_dump != last_dump) {
    const std::set<uint64_t> before = ids_of(*first_dump);
    result.same_ids =
        std::ranges::count_if(ids_of(*last_dump), [&](uint64_t id) { return before.contains(id); });
    result.dumps_apart = last_dump->snapshot->taken_at - first_dump->snapshot->taken_at;
  }
  return result;
}

struct Cause {
  HolderChain chain;
  double wait_seconds = 0;  // mean, from the block profile; 0 = not known
  [[nodiscard]] const Holder* root() const { return chain.holders.empty() ? nullptr : &chain.holders.back(); }
  [[nodiscard]] bool holder_waits_outside() const {
    return root() != nullptr && is_external(root()->stack->wait);
  }
};

model::Severity severity_of(const Persistence& seen, const Cause& cause,
                            const config::Thresholds& thresholds) {
  const double wait_ms = cause.wait_seconds * 1e3;
  if (seen.minutes >= 1 || cause.chain.is_cycle || wait_ms >= thresholds.get(kCriticalWait)) {
    return model::Severity::kCritical;
  }
  if (cause.holder_waits_outside() || wait_ms >= thresholds.get(kLockWait) ||
      (seen.crowded >= 2 && seen.seconds >= 1)) {
    return model::Severity::kWarning;
  }
  return model::Severity::kInfo;  // one moment's queue, of unknown length in time
}

std::string who(const Holder& holder) {
  return holder.stack->id != 0 ? "goroutine " + std::to_string(holder.stack->id) : "a goroutine";
}

std::string at(const Holder& holder, size_t frame) {
  const model::GoroutineFrame& f = holder.stack->frames[frame];
  return std::string(f.function) + " (" + place_text(f.file, f.line) + ")";
}

std::string describe(const Holder& holder) {
  std::string text = "Its likely holder is " + who(holder);
  if (holder.alike > 1) text += " (one of " + std::to_string(holder.alike) + " that may be it)";
  text += holder.stack->wait == Wait::kRunning
              ? ", at work in " + at(holder, holder.innermost)
              : ", which waits for " + std::string(to_string(holder.stack->wait)) + " in " +
                    at(holder, holder.innermost);
  return text + ". ";
}

std::string advice(const Cause& cause) {
  if (cause.chain.is_cycle) {
    return "The holders wait for each other's locks: a deadlock. Take the locks in one fixed order "
           "everywhere, or put "
           "what belongs together under one lock.";
  }
  const Holder* root = cause.root();
  if (root == nullptr) {
    return "No goroutine in the snapshot stands inside the section: take another dump, and look at the lines "
           "after Lock "
           "for calls that can wait, and for a path that returns without Unlock.";
  }
  switch (root->stack->wait) {
    case Wait::kNetwork:
    case Wait::kSyscall:
      return "Don't hold the lock across " + std::string(to_string(root->stack->wait)) +
             ": copy what the exchange needs under the lock, release it, then wait. One connection for all "
             "callers "
             "makes a queue by itself: use a pool, and set a deadline, so that a slow peer costs one caller "
             "and not all.";
    case Wait::kSleep:
      return "Don't sleep with the lock in hand: release it before the pause and check the state again after "
             "it.";
    case Wait::kChanSend:
    case Wait::kChanReceive:
    case Wait::kSelect:
    case Wait::kNever:
    case Wait::kOther:
      return "Don't wait for " + std::string(to_string(root->stack->wait)) +
             " with the lock in hand: whoever should end that wait may need the lock itself. Collect under "
             "the lock, hand "
             "over after Unlock; give the wait a context with a deadline.";
    default:
      return "The holder is at work, not waiting: make the section shorter, split what the lock guards, or "
             "let readers "
             "share it (sync.RWMutex). If it guards a map, GO-MAP-LOCK-CONVOY says what fits.";
  }
}

void add_evidence(model::Finding& finding, const Persistence& seen, const Cause& cause,
                  const ContentionProfile& block, const config::Thresholds& thresholds) {
  const Snapshot& snapshot = *seen.largest->snapshot;
  const double share = seen.largest->top_share();
  finding.evidence.push_back(
      {.name = "goroutines blocked at the lock",
       .value = std::round(queue_length(*seen.largest)),
       .unit = "goroutines",
       .threshold = thresholds.get(kChain),
       .basis = model::Basis::kMeasured,
       .artefact = std::string(snapshot.artefact),
       .note = share < 1 ? "those at one lock's address; others wait at other locks on these lines"
                         : "at one moment; so many in " + std::to_string(seen.crowded) + " snapshot(s)"});
  if (cause.wait_seconds > 0) {
    finding.evidence.push_back(
        {.name = "mean wait at these lines",
         .value = cause.wait_seconds * 1e9,
         .unit = "nanoseconds",
         .threshold = thresholds.get(kLockWait) * 1e6,
         .basis = model::Basis::kSampled,
         .artefact = block.fact->artefact,
         .note = "waits that have ended; those of goroutines still blocked come on top"});
  }
  if (seen.minutes > 0) {
    finding.evidence.push_back({.name = "longest wait",
                                .value = static_cast<double>(seen.minutes),
                                .unit = "minutes",
                                .threshold = 1,
                                .basis = model::Basis::kMeasured,
                                .artefact = std::string(snapshot.artefact),
                                .note = "Go's dumps name whole minutes"});
  }
  if (seen.same_ids > 0) {
    finding.evidence.push_back(
        {.name = "the same goroutines blocked there in two dumps",
         .value = static_cast<double>(seen.same_ids),
         .unit = "goroutines",
         .threshold = std::nullopt,
         .basis = model::Basis::kMeasured,
         .artefact = std::string(snapshot.artefact),
         .note = seconds_text(seen.dumps_apart) + " apart; still or again, a dump can't tell"});
  }
  if (const Holder* root = cause.root(); root != nullptr) {
    finding.evidence.push_back(
        {.name = "holders between the queue and what it waits for in the end",
         .value = static_cast<double>(cause.chain.holders.size()),
         .unit = "goroutines",
         .threshold = std::nullopt,
         .basis = model::Basis::kInferred,
         .artefact = std::string(snapshot.artefact),
         .note = root->same_object  ? "stands beyond the Lock line, in a method of the same object"
                 : root->in_section ? "stands beyond the Lock line of the function that the others wait in"
                                    : "the only goroutine that waits inside a method of the same type"});
  }
}

model::Finding make_finding(const LockPlace& place, const Persistence& seen, const Cause& cause,
                            const ContentionProfile& block, const config::Thresholds& thresholds) {
  model::Finding finding;
  finding.severity = severity_of(seen, cause, thresholds);
  const std::string count = count_text(std::round(queue_length(*seen.largest)));
  const Stack& waiter = *seen.largest->stacks.front();
  const model::GoroutineFrame& waiting = waiter.frames[user_frame(waiter.frames, waiter.lock.owner)];
  finding.title = count + " goroutines are blocked behind the lock of " + place.place;
  finding.summary = count + " goroutines wait at one moment for the lock of " + place.place + ", at " +
                    place_text(waiting.file, waiting.line) + ". ";
  if (cause.wait_seconds > 0)
    finding.summary += "A wait there takes " + seconds_text(cause.wait_seconds) + " on average. ";
  if (seen.minutes > 0)
    finding.summary += "The longest has lasted " + std::to_string(seen.minutes) + " min or more. ";
  for (const Holder& holder : cause.chain.holders) {
    finding.summary += describe(holder);
    finding.related.push_back(location_of(holder.stack->frames[holder.section], "holder"));
  }
  if (cause.chain.is_cycle) finding.summary += "The holders wait for each other in a circle. ";
  if (cause.root() == nullptr) finding.summary += "Nobody in the snapshot could be told to be its holder. ";
  add_evidence(finding, seen, cause, block, thresholds);
  add_lock_lines(finding, place);
  finding.location = cause.root() != nullptr
                         ? location_of(cause.root()->stack->frames[cause.root()->innermost], "holder")
                         : location_of(waiting, "waiter");
  finding.advice = advice(cause);
  return finding;
}

Judgement judge(const RuleInput& input) {
  const std::vector<Snapshot> all = snapshots(input.facts);
  if (all.empty()) {
    return Judgement::unknown(
        "no goroutine dump or profile (goroutine: " + input.facts.why_missing("goroutine") +
        "): collect goroutine or goroutine.debug2");
  }
  const ContentionProfile block = contention_profile(input.facts, model::ProfileKind::kBlock);
  const std::vector<LockPlace> places = lock_places(block, {}, all);
  const double enough = input.thresholds.get(kChain);
  std::vector<std::pair<const LockPlace*, Persistence>> crowded;
  for (const LockPlace& place : places) {
    const Persistence seen = persistence_of(place, enough);
    if (seen.largest != nullptr) crowded.emplace_back(&place, seen);
  }
  std::ranges::stable_sort(crowded, [](const auto& a, const auto& b) {
    return queue_length(*a.second.largest) > queue_length(*b.second.largest);
  });
  if (crowded.size() > kMostPlaces) crowded.resize(kMostPlaces);
  std::vector<std::pair<double, model::Finding>> found;
  for (const auto& [place, seen] : crowded) {
    Cause cause{.chain = follow_holders(*place, *seen.largest, places)};
    if (place->wait_contentions > 0) {
      cause.wait_seconds =
          static_cast<double>(place->wait_delay) / 1e9 / static_cast<double>(place->wait_contentions);
    }
    found.emplace_back(queue_length(*seen.largest),
                       make_finding(*place, seen, cause, block, input.thresholds));
  }
  for (const SenderGroup& group : sender_groups(all, enough)) {
    found.emplace_back(static_cast<double>(group.count), sender_finding(group, block, enough));
  }
  std::ranges::stable_sort(found, [](const auto& a, const auto& b) {
    return std::pair(a.second.severity, a.first) > std::pair(b.second.severity, b.first);
  });
  Judgement judgement;
  for (auto& [count, finding] : found) judgement.findings.push_back(std::move(finding));
  return judgement;
}

}  // namespace

Rule blocked_chain() {
  return {.id = "GO-BLOCKED-CHAIN",
          .title = "goroutines blocked in a chain behind one lock or channel",
          .requirement = "G7",
          .thresholds = {kChain, kLockWait, kCriticalWait},
          .judge = judge};
}

}  // namespace edp::analyse::go
