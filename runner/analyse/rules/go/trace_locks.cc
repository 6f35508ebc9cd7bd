#include "runner/analyse/rules/go/trace_locks.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "runner/analyse/sites.h"

namespace edp::analyse::go {
namespace {

using model::GoSlice;
using model::GoState;
using model::kNone;
using model::Timeline;

constexpr ClassSet kWaitClasses{SymbolClass::kMutexLock, SymbolClass::kRWMutexLock,
                                SymbolClass::kRWMutexRLock};
constexpr ClassSet kReleaseClasses{SymbolClass::kMutexUnlock, SymbolClass::kRWMutexUnlock,
                                   SymbolClass::kRWMutexRUnlock};

// Locks inside what the standard library keeps in a sync.Map, or in the trie under it, are nobody's to mend.
const LockCall* call_of(const TraceStack& stack, ClassSet wanted) {
  const bool wants = stack.lock.found() && wanted.has(stack.lock.operation);
  return wants && (!stack.lock.inside_sync_map || stack.in_map()) ? &stack.lock : nullptr;
}

void count(std::vector<LockSite>& sites, const TraceStack& stack, int64_t delay) {
  const model::GoroutineFrame& owner = stack.frames[stack.lock.owner];
  const auto same = [&](const LockSite& site) {
    return site.owner.line == owner.line && site.owner.function == owner.function &&
           site.operation == stack.lock.operation;
  };
  auto at = std::ranges::find_if(sites, same);
  if (at == sites.end()) {
    sites.push_back({.owner = owner,
                     .user = stack.frames[user_frame(stack.frames, stack.lock.owner)],
                     .operation = stack.lock.operation});
    at = sites.end() - 1;
  }
  ++at->contentions;
  at->delay = saturating_add(at->delay, delay);
}

class Reader {
 public:
  Reader(TraceLocks& result, const Timeline& timeline, uint32_t trace)
      : result_(result), timeline_(timeline), trace_(trace), by_stack_(timeline.stack_count(), kNone) {}

  void read() {
    for (uint32_t g = 0; g < timeline_.goroutines.size(); ++g) read(g);
  }

 private:
  void read(uint32_t goroutine) {
    std::optional<LockWait> open;
    bool first = true;
    for (const GoSlice& slice : timeline_.slices(goroutine)) {
      if (open) {
        const bool lost = slice.cause == model::GoCause::kLost || slice.cause == model::GoCause::kStatus;
        open->by = lost ? kNone : slice.by;
        open->by_stack = lost ? kNone : slice.by_stack;
        open->cut |= lost;
        close(*open);
        open.reset();
      }
      const bool is_first = std::exchange(first, false);
      if (slice.state != GoState::kWaiting) continue;
      open = LockWait{.trace = trace_,
                      .goroutine = goroutine,
                      .begin = begin_of(slice, is_first),
                      .end = slice.end,
                      .cut = slice.cause == model::GoCause::kStatus,
                      .stack = slice.stack};
    }
    if (open) {
      open->cut = true;
      close(*open);
    }
  }

  // By where it stands, else (it was there before the trace began, and the trace does not tell where) by who
  // let it go.
  void close(const LockWait& wait) {
    TraceStacks& stacks = *result_.stacks[trace_];
    const TraceStack& at = stacks.of(wait.stack);
    const TraceStack& released = stacks.of(wait.by_stack);
    const LockCall* release = call_of(released, kReleaseClasses);
    const LockCall* call = call_of(at, kWaitClasses);
    if (call == nullptr && (wait.stack != kNone || release == nullptr)) return;
    TraceLock& into = call != nullptr ? lock_of(wait.stack, at) : lock_of(wait.by_stack, released);
    into.waited = saturating_add(into.waited, wait.duration());
    if (wait.duration() < kShortestWait) return;
    into.waits.push_back(wait);
    LockPlace& sites = into.sites;
    if (call != nullptr) count(sites.waits, at, wait.duration());
    sites.wait_contentions = saturating_add(sites.wait_contentions, 1);
    sites.wait_delay = saturating_add(sites.wait_delay, wait.duration());
    if (release == nullptr) return;
    count(sites.releases, released, wait.duration());
    sites.release_contentions = saturating_add(sites.release_contentions, 1);
    sites.release_delay = saturating_add(sites.release_delay, wait.duration());
  }

  TraceLock& lock_of(uint32_t stack, const TraceStack& told) {
    uint32_t& index = by_stack_[stack];
    if (index != kNone) return result_.locks[index];
    // A sync.Map's place is the user's, whose line is the operation's.
    const bool inside = told.lock.inside_sync_map;
    const size_t owner = inside ? user_frame(told.frames, told.lock.owner) : told.lock.owner;
    const std::string_view place = place_of(told.frames[owner].function);
    for (index = 0; index < result_.locks.size(); ++index) {
      TraceLock& known = result_.locks[index];
      if (known.inside_sync_map == inside && known.place == place) return known;
    }
    TraceLock& added = result_.locks.emplace_back();
    added.place = added.sites.place = place;
    added.inside_sync_map = inside;
    return added;
  }

  TraceLocks& result_;
  const Timeline& timeline_;
  const uint32_t trace_;
  std::vector<uint32_t> by_stack_;  // index of the lock
};

// One Unlock lets all readers go, one after the other.
constexpr int64_t kSameUnlock = 1'000'000;

struct Handover {
  uint32_t trace = 0;
  int64_t time = 0;         // of the first that it let go
  int64_t first_began = 0;  // the earliest wait that it ended
  uint32_t by = kNone, by_stack = kNone;
};

std::vector<Handover> handovers(const TraceLock& lock) {
  std::vector<const LockWait*> ended;
  for (const LockWait& wait : lock.waits) {
    if (wait.by != kNone) ended.push_back(&wait);
  }
  std::ranges::stable_sort(ended, {}, [](const LockWait* wait) { return std::pair(wait->trace, wait->end); });
  std::vector<Handover> result;
  for (const LockWait* wait : ended) {
    Handover* last = result.empty() ? nullptr : &result.back();
    if (last != nullptr && last->trace == wait->trace && last->by == wait->by &&
        last->by_stack == wait->by_stack && wait->end - last->time < kSameUnlock) {
      last->first_began = std::min(last->first_began, wait->begin);
      continue;
    }
    result.push_back({wait->trace, wait->end, wait->begin, wait->by, wait->by_stack});
  }
  return result;
}

// What all waits of a trace have in common with the hold, in their sum.
int64_t overlap(const TraceLock& lock, const LockHold& hold, int64_t longest) {
  const std::pair from(hold.trace, hold.begin - longest);
  const auto key = [](const LockWait& wait) { return std::pair(wait.trace, wait.begin); };
  int64_t sum = 0;
  for (auto at = std::ranges::lower_bound(lock.waits, from, {}, key); at != lock.waits.end(); ++at) {
    if (at->trace != hold.trace || at->begin >= hold.end) break;
    sum = saturating_add(sum,
                         std::max<int64_t>(0, std::min(at->end, hold.end) - std::max(at->begin, hold.begin)));
  }
  return sum;
}

// Holds are worth their cost only where somebody waited long; a lock may change hands a million times.
constexpr size_t kMostHolds = 20'000;

void find_holds(TraceLock& lock) {
  std::map<std::pair<uint32_t, uint32_t>, int64_t> got;  // when a goroutine's last own wait ended
  std::vector<const LockWait*> by_end;
  for (const LockWait& wait : lock.waits) by_end.push_back(&wait);
  std::ranges::stable_sort(by_end, {},
                           [](const LockWait* wait) { return std::pair(wait->trace, wait->end); });
  int64_t longest = 0;
  for (const LockWait& wait : lock.waits) longest = std::max(longest, wait.duration());
  size_t next = 0;
  int64_t before = 0;
  uint32_t trace = kNone;
  for (const Handover& handover : handovers(lock)) {
    if (lock.holds.size() == kMostHolds) break;
    if (handover.trace != trace) {
      trace = handover.trace;
      before = 0;
    }
    for (; next < by_end.size(); ++next) {
      const LockWait& wait = *by_end[next];
      if (std::pair(wait.trace, wait.end) > std::pair(handover.trace, handover.time)) break;
      got[{wait.trace, wait.goroutine}] = wait.end;
    }
    LockHold hold{.trace = handover.trace,
                  .goroutine = handover.by,
                  .begin = std::max(before, handover.first_began),
                  .end = handover.time,
                  .release = handover.by_stack};
    const auto own = got.find({handover.trace, handover.by});
    if (own != got.end() && own->second < hold.end) hold.begin = std::max(own->second, hold.begin);
    hold.waited = overlap(lock, hold, longest);
    lock.holds.push_back(hold);
    before = handover.time;
  }
}

}  // namespace

TraceLocks::TraceLocks(const model::Facts& facts) {
  for (uint32_t i = 0; i < facts.traces.size(); ++i) {
    const Timeline& timeline = *facts.traces[i].timeline;
    stacks.push_back(std::make_unique<TraceStacks>(timeline));
    Reader(*this, timeline, i).read();
    seconds += static_cast<double>(timeline.end) / 1e9;
    any_cpu_sample |= !timeline.cpu_samples.empty();
  }
  std::ranges::stable_sort(locks, std::ranges::greater{}, &TraceLock::waited);
  for (TraceLock& lock : locks) {
    std::ranges::stable_sort(lock.waits, {},
                             [](const LockWait& wait) { return std::pair(wait.trace, wait.begin); });
    std::ranges::stable_sort(lock.sites.waits, std::ranges::greater{}, &LockSite::delay);
    std::ranges::stable_sort(lock.sites.releases, std::ranges::greater{}, &LockSite::delay);
    find_holds(lock);
  }
}

const TraceLock* TraceLocks::find(std::string_view place, bool inside_sync_map) const {
  for (const TraceLock& lock : locks) {
    if (lock.inside_sync_map == inside_sync_map && lock.place == place) return &lock;
  }
  return nullptr;
}

}  // namespace edp::analyse::go
