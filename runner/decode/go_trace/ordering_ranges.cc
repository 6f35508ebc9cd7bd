// The rules for what lasts: garbage collection, the world stopped, tasks and regions.
#include <algorithm>

#include "runner/decode/go_trace/ordering.h"

namespace edp::decode::go_trace {

// Begin and end of the mark phase carry one sequence, as they happen on different threads.
Ordering::Step Ordering::gc_active(const RawEvent& raw) {
  if (is_first()) {
    if (gc_state_ != GcState::kUndetermined) {
      return broken("GCActive is not the first word on garbage collection");
    }
    gc_sequence_ = raw.args[0];
    gc_state_ = GcState::kRunning;
    emit(raw);
    return Step::kDone;
  }
  if (raw.args[0] != gc_sequence_ + 1) return Step::kNotYet;
  if (gc_state_ != GcState::kRunning) return broken("GCActive while no garbage collection is under way");
  gc_sequence_ = raw.args[0];
  if (!needs(true, true)) return Step::kBroken;
  emit(raw);
  return Step::kDone;
}

Ordering::Step Ordering::gc_begin(const RawEvent& raw) {
  const bool first = gc_state_ == GcState::kUndetermined;
  if (!first && raw.args[0] != gc_sequence_ + 1) return Step::kNotYet;
  if (gc_state_ == GcState::kRunning) return broken("GCBegin while garbage collection is under way");
  gc_sequence_ = raw.args[0];
  gc_state_ = GcState::kRunning;
  uint32_t stack = kNone;
  if ((!first && !needs(true, true)) || !find_stack(raw.args[1], stack)) return Step::kBroken;
  emit(raw, stack);
  return Step::kDone;
}

Ordering::Step Ordering::gc_end(const RawEvent& raw) {
  if (raw.args[0] != gc_sequence_ + 1) return Step::kNotYet;
  if (gc_state_ != GcState::kRunning) return broken("GCEnd while no garbage collection is under way");
  gc_sequence_ = raw.args[0];
  gc_state_ = GcState::kNotRunning;
  if (!needs(true, true)) return Step::kBroken;
  emit(raw);
  return Step::kDone;
}

Ordering::Step Ordering::sweep(const RawEvent& raw) {
  if (raw.type == kGcSweepActive) {
    Proc** proc = procs_.find(raw.args[0]);
    if (proc == nullptr) return broken("GCSweepActive of a processor that is not known");
    if ((*proc)->sweeps == is_first()) return broken("GCSweepActive contradicts what was known of it");
    (*proc)->sweeps = true;
    emit(raw);
    return Step::kDone;
  }
  if (!needs(true, false)) return Step::kBroken;
  Proc* proc = thread_->proc_at;
  const bool begins = raw.type == kGcSweepBegin;
  if (proc == nullptr) return broken("a sweep on a processor that is not known");
  if (proc->sweeps == begins) {
    return broken(begins ? "a sweep begins in a sweep" : "a sweep ends that has not begun");
  }
  uint32_t stack = kNone;
  if (begins && !find_stack(raw.args[0], stack)) return Step::kBroken;
  proc->sweeps = begins;
  emit(raw, stack);
  return Step::kDone;
}

Ordering::Step Ordering::assist(const RawEvent& raw) {
  if (raw.type == kGcMarkAssistActive) {
    Goroutine** goroutine = goroutines_.find(raw.args[0]);
    if (goroutine == nullptr) return broken("GCMarkAssistActive of a goroutine that is not known");
    if ((*goroutine)->assists == is_first()) {
      return broken("GCMarkAssistActive contradicts what was known of it");
    }
    (*goroutine)->assists = true;
    emit(raw, kNone, *goroutine);
    return Step::kDone;
  }
  if (!needs(true, true)) return Step::kBroken;
  Goroutine* goroutine = bound_goroutine();
  const bool begins = raw.type == kGcMarkAssistBegin;
  if (goroutine == nullptr) return broken("a mark assist by a goroutine that is not known");
  if (goroutine->assists == begins) {
    return broken(begins ? "a mark assist begins in a mark assist" : "a mark assist ends that has not begun");
  }
  uint32_t stack = kNone;
  if (begins && !find_stack(raw.args[0], stack)) return Step::kBroken;
  goroutine->assists = begins;
  emit(raw, stack);
  return Step::kDone;
}

Ordering::Step Ordering::stop_the_world(const RawEvent& raw) {
  if (!needs(true, true)) return Step::kBroken;
  Goroutine* goroutine = bound_goroutine();
  if (goroutine == nullptr) return broken("the world is stopped by a goroutine that is not known");
  std::vector<std::string>& reasons = extra(*goroutine).stopping_world;
  uint32_t text = kNone, stack = kNone;
  if (raw.type == kStwBegin) {
    if (!find_text(raw.args[0], text) || !find_stack(raw.args[1], stack)) return Step::kBroken;
    const std::string reason(tables_->text(text));
    if (std::ranges::find(reasons, reason) != reasons.end()) {
      return broken("the world is stopped twice for one reason");
    }
    reasons.push_back(reason);
  } else {
    if (reasons.empty()) return broken("the world goes on that was not stopped");
    text = tables_->add_text(reasons.front());  // it may be of an earlier generation
    std::swap(reasons.front(), reasons.back());
    reasons.pop_back();
  }
  emit(raw, stack, nullptr, text);
  return Step::kDone;
}

Ordering::Step Ordering::task(const RawEvent& raw) {
  const uint64_t id = raw.args[0];
  Task* known = tasks_.find(id);
  RawEvent out = raw;
  uint32_t text = kNone, stack = kNone;
  if (!needs(true, true)) return Step::kBroken;
  if (raw.type == kUserTaskBegin) {
    if (known != nullptr) return broken("task " + std::to_string(id) + " begins twice");
    if (!find_text(raw.args[2], text) || !find_stack(raw.args[3], stack)) return Step::kBroken;
    if (out.args[1] == 0) out.args[1] = model::kNoTask;
    tasks_.add(id, {out.args[1], std::string(tables_->text(text))});
  } else {
    if (!find_stack(raw.args[1], stack)) return Step::kBroken;
    out.args[1] = model::kNoTask;
    if (known != nullptr) {
      out.args[1] = known->parent;
      if (!known->name.empty()) text = tables_->add_text(known->name);
      tasks_.erase(id);
    }
  }
  emit(out, stack, nullptr, text);
  return Step::kDone;
}

Ordering::Step Ordering::region(const RawEvent& raw) {
  uint32_t text = kNone, stack = kNone;
  if (!needs(true, true) || !find_text(raw.args[1], text) || !find_stack(raw.args[2], stack)) {
    return Step::kBroken;
  }
  Goroutine* goroutine = bound_goroutine();
  if (goroutine == nullptr) return broken("a region of a goroutine that is not known");
  auto& regions = extra(*goroutine).regions;
  std::pair<uint64_t, std::string> region(raw.args[0], tables_->text(text));
  if (raw.type == kUserRegionBegin) {
    regions.push_back(std::move(region));
  } else if (!regions.empty()) {  // else it began before the trace
    if (regions.back() != region) {
      return broken("region \"" + region.second + "\" ends in region \"" + regions.back().second + "\"");
    }
    regions.pop_back();
  }
  emit(raw, stack, nullptr, text);
  return Step::kDone;
}

}  // namespace edp::decode::go_trace
