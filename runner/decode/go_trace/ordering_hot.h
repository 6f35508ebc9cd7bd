// The rules that nine tenths of a trace go through, for the place where events are taken from.
#pragma once

#include "runner/decode/go_trace/ordering_inline.h"

namespace edp::decode::go_trace {

EDP_HOT Ordering::Step Ordering::go_start(const RawEvent& raw) {
  const int64_t id = as_id(raw.args[0]);
  Goroutine* goroutine = find_goroutine(id);
  if (goroutine == nullptr || goroutine->status != GoStatus::kRunnable ||
      !sequence(raw.args[1]).succeeds(goroutine->sequence)) {
    return Step::kNotYet;
  }
  if (!needs(true, false)) return Step::kBroken;
  if (thread_->goroutine != kNoId)
    return broken(of_goroutine(raw.type, id) + " on a thread that runs another one");
  goroutine->status = GoStatus::kRunning;
  goroutine->sequence = sequence(raw.args[1]);
  emit_go(event(raw), *goroutine, GoState::kRunnable, GoState::kRunning);
  bind(goroutine);
  return Step::kDone;
}

EDP_HOT Ordering::Step Ordering::go_stop(const RawEvent& raw) {
  if (!needs(true, true)) return Step::kBroken;
  Goroutine* goroutine = running_goroutine(raw, GoStatus::kRunning);
  if (goroutine == nullptr) return Step::kBroken;
  Event& out = event(raw);
  if (raw.type == kGoDestroy) {
    emit_go(out, *goroutine, GoState::kRunning, GoState::kNotExist);
    remove_goroutine(*goroutine);
  } else {
    if (!find_text(raw.args[0], out.text) || !find_stack(raw.args[1], out.stack)) return Step::kBroken;
    const bool yields = raw.type == kGoStop;
    goroutine->status = yields ? GoStatus::kRunnable : GoStatus::kWaiting;
    emit_go(out, *goroutine, GoState::kRunning, yields ? GoState::kRunnable : GoState::kWaiting);
  }
  bind(static_cast<Goroutine*>(nullptr));
  return Step::kDone;
}

EDP_HOT Ordering::Step Ordering::go_unblock(const RawEvent& raw) {
  const int64_t id = as_id(raw.args[0]);
  Goroutine* goroutine = find_goroutine(id);
  if (goroutine == nullptr || goroutine->status != GoStatus::kWaiting ||
      !sequence(raw.args[1]).succeeds(goroutine->sequence)) {
    return Step::kNotYet;
  }
  Event& out = event(raw);
  if (!find_stack(raw.args[2], out.stack)) return Step::kBroken;
  goroutine->status = GoStatus::kRunnable;
  goroutine->sequence = sequence(raw.args[1]);
  emit_go(out, *goroutine, GoState::kWaiting, GoState::kRunnable);
  return Step::kDone;
}

EDP_HOT Ordering::Step Ordering::advance(const RawEvent& raw, Thread* thread) {
  thread_ = thread;
  thread->seen = true;
  switch (raw.type) {
    case kGoStart:
      return go_start(raw);
    case kGoBlock:
      return go_stop(raw);
    case kGoUnblock:
      return go_unblock(raw);
    default:
      return advance_rare(raw);
  }
}

}  // namespace edp::decode::go_trace
