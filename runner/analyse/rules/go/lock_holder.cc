#include "runner/analyse/rules/go/lock_holder.h"

#include <algorithm>
#include <map>
#include <set>

namespace edp::analyse::go {
namespace {

constexpr size_t kMaxChain = 8;

constexpr ClassSet kUnlockClasses{SymbolClass::kMutexUnlock, SymbolClass::kRWMutexUnlock,
                                  SymbolClass::kRWMutexRUnlock};

// What the waiters have in common.
struct Queue {
  std::map<std::string_view, int64_t> lock_lines;  // function -> the first line at which somebody waits
  std::set<uint64_t> objects;                      // receivers, where the dump tells
  std::set<const Stack*> members;
  bool once = false;
};

Queue queue_of(const Waiters& waiters) {
  Queue queue;
  for (const Stack* stack : waiters.stacks) {
    const model::GoroutineFrame& owner = stack->frames[stack->lock.owner];
    const auto [at, is_new] = queue.lock_lines.try_emplace(owner.function, owner.line);
    if (!is_new) at->second = std::min(at->second, owner.line);
    if (const uint64_t object = has_receiver(owner.function) ? first_pointer(owner.arguments) : 0;
        object != 0) {
      queue.objects.insert(object);
    }
    queue.members.insert(stack);
    queue.once |= stack->lock.inside_once;
  }
  return queue;
}

bool runs_once(Frames frames, size_t below) {
  for (size_t i = 0; i < below; ++i) {
    if (frames[i].function.starts_with("sync.(*Once)")) return true;
  }
  return false;
}

std::optional<Holder> candidate(const Stack& stack, const LockPlace& place, const Queue& queue) {
  const LockCall call = find_lock_call(stack.frames);
  // It has given the lock back already, or is about to ask for it.
  if (call.found() && (kUnlockClasses.has(call.operation) || stack.wait != Wait::kLock)) return std::nullopt;
  for (size_t i = stack.frames.size(); i-- > 0;) {
    const model::GoroutineFrame& frame = stack.frames[i];
    if (place_of(frame.function) != place.place) continue;
    Holder holder{.stack = &stack, .section = i};
    const auto waited = queue.lock_lines.find(frame.function);
    if (waited != queue.lock_lines.end()) {
      const bool once = queue.once && runs_once(stack.frames, i);
      if (frame.line < waited->second || (frame.line == waited->second && !once)) continue;
      holder.in_section = true;
    } else if (!has_receiver(frame.function)) {
      continue;
    }
    const uint64_t object = has_receiver(frame.function) ? first_pointer(frame.arguments) : 0;
    if (object != 0 && !queue.objects.empty()) {
      if (!queue.objects.contains(object)) return std::nullopt;
      holder.same_object = true;
    }
    holder.innermost = std::min(first_user_frame(stack.frames), i);
    return holder;
  }
  return std::nullopt;
}

int rank(const Holder& holder) {
  return (holder.in_section ? 8 : 0) + (holder.same_object ? 4 : 0) +
         (holder.stack->wait == Wait::kRunning ? 0 : 2);
}

}  // namespace

std::optional<Holder> find_holder(const LockPlace& place, const Waiters& waiters) {
  const Queue queue = queue_of(waiters);
  std::optional<Holder> best;
  for (const Stack& stack : waiters.snapshot->stacks) {
    if (queue.members.contains(&stack)) continue;
    const std::optional<Holder> found = candidate(stack, place, queue);
    if (!found) continue;
    if (!best || rank(*found) > rank(*best)) {
      best = found;
      best->alike = stack.count;
    } else if (rank(*found) == rank(*best)) {
      best->alike += stack.count;
    }
  }
  // Another method of the same type proves little: several such goroutines prove nothing.
  if (best && !best->in_section && (best->alike > 1 || best->stack->wait == Wait::kRunning))
    return std::nullopt;
  return best;
}

HolderChain follow_holders(const LockPlace& place, const Waiters& waiters,
                           const std::vector<LockPlace>& places) {
  HolderChain chain;
  std::set<const LockPlace*> seen;
  const LockPlace* at = &place;
  const Waiters* queue = &waiters;
  while (chain.holders.size() < kMaxChain) {
    if (!seen.insert(at).second) {
      chain.is_cycle = true;
      return chain;
    }
    const std::optional<Holder> holder = find_holder(*at, *queue);
    if (!holder) return chain;
    chain.holders.push_back(*holder);
    if (holder->stack->wait != Wait::kLock) return chain;
    // It waits in turn: for the lock of which place?
    const std::string_view next = place_of(holder->stack->frames[holder->stack->lock.owner].function);
    const auto found = std::ranges::find(places, next, &LockPlace::place);
    if (found == places.end()) return chain;
    const auto same = std::ranges::find(found->waiters, waiters.snapshot, &Waiters::snapshot);
    if (same == found->waiters.end()) return chain;
    at = &*found;
    queue = &*same;
  }
  return chain;
}

}  // namespace edp::analyse::go
