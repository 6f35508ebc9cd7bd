// The rules for what lasts: garbage collection, the world stopped, tasks and regions.
#include <algorithm>

#include "runner/decode/go_trace/ordering.h"

namespace edp::decode::go_trace {

// Begin and end of the mark phase carry one sequence, as they happen on different threads.
Ordering::Step Ordering::gc_active(const RawEvent& raw) {
  if (is_first()) {
    if (gc_state_ != GcState::kUndetermined)
      return broken("GCActive is not the first word on garbage collection");
    gc_sequence_ = raw.args[0];
    gc_state_ = GcState::kRunning;
    emit_plain(raw);
    return Step::kDone;
  }
  if (raw.args[0] != gc_sequence_ + 1) return Step::kNotYet;
  if (gc_state_ != GcState::kRunning) return broken("GCActive while no garbage collection is under way");
  gc_sequence_ = raw.args[0];
  if (!needs(true, true)) return Step::kBroken;
  emit_plain(raw);
  return Step::kDone;
}

Ordering::Step Ordering::gc_begin(const RawEvent& raw) {
  const bool first = gc_state_ == GcState::kUndetermined;
  if (!first && raw.args[0] != gc_sequence_ + 1) return Step::kNotYet;
  if (gc_state_ == GcState::kRunning) return broken("GCBegin while garbage collection is under way");
  gc_sequence_ = raw.args[0];
  gc_state_ = GcState::kRunning;
  if ((!first && !needs(true, true)) || !check_ids(raw)) return Step::kBroken;
  emit_plain(raw);
  return Step::kDone;
}

Ordering::Step Ordering::gc_end(const RawEvent& raw) {
  if (raw.args[0] != gc_sequence_ + 1) return Step::kNotYet;
  if (gc_state_ != GcState::kRunning) return broken("GCEnd while no garbage collection is under way");
  gc_sequence_ = raw.args[0];
  gc_state_ = GcState::kNotRunning;
  if (!needs(true, true)) return Step::kBroken;
  emit_plain(raw);
  return Step::kDone;
}

Ordering::Step Ordering::sweep(const RawEvent& raw) {
  if (raw.type == kGcSweepActive) {
    Proc* proc = find_proc(static_cast<int64_t>(raw.args[0]));
    if (proc == nullptr) return broken("GCSweepActive of a processor that is not known");
    if (proc->sweeps == is_first()) return broken("GCSweepActive contradicts what was known of it");
    proc->sweeps = true;
    emit_plain(raw);
    return Step::kDone;
  }
  if (!needs(true, false) || !check_ids(raw)) return Step::kBroken;
  Proc* proc = current_proc();
  const bool begins = raw.type == kGcSweepBegin;
  if (proc == nullptr) return broken("a sweep on a processor that is not known");
  if (proc->sweeps == begins)
    return broken(begins ? "a sweep begins in a sweep" : "a sweep ends that has not begun");
  proc->sweeps = begins;
  emit_plain(raw);
  return Step::kDone;
}

Ordering::Step Ordering::assist(const RawEvent& raw) {
  if (raw.type == kGcMarkAssistActive) {
    Goroutine* goroutine = find_goroutine(static_cast<int64_t>(raw.args[0]));
    if (goroutine == nullptr) return broken("GCMarkAssistActive of a goroutine that is not known");
    if (goroutine->assists == is_first())
      return broken("GCMarkAssistActive contradicts what was known of it");
    goroutine->assists = true;
    Event out = event(raw);
    out.subject_tag = &goroutine->tag;
    emitter_.emit(out);
    return Step::kDone;
  }
  if (!needs(true, true) || !check_ids(raw)) return Step::kBroken;
  Goroutine* goroutine = current_goroutine();
  const bool begins = raw.type == kGcMarkAssistBegin;
  if (goroutine == nullptr) return broken("a mark assist by a goroutine that is not known");
  if (goroutine->assists == begins) {
    return broken(begins ? "a mark assist begins in a mark assist" : "a mark assist ends that has not begun");
  }
  goroutine->assists = begins;
  emit_plain(raw);
  return Step::kDone;
}

Ordering::Step Ordering::stop_the_world(const RawEvent& raw) {
  if (!needs(true, true) || !check_ids(raw)) return Step::kBroken;
  Goroutine* goroutine = current_goroutine();
  if (goroutine == nullptr) return broken("the world is stopped by a goroutine that is not known");
  std::vector<std::string>& reasons = extra(*goroutine).stopping_world;
  Event out = event(raw);
  if (raw.type == kStwBegin) {
    const std::string reason(tables_->text(out.text));
    if (std::ranges::find(reasons, reason) != reasons.end())
      return broken("the world is stopped twice for one reason");
    reasons.push_back(reason);
  } else {
    if (reasons.empty()) return broken("the world goes on that was not stopped");
    // Its text may be of an earlier generation.
    out.text = tables_->add_text(reasons.front());
    std::swap(reasons.front(), reasons.back());
    reasons.pop_back();
  }
  emitter_.emit(out);
  return Step::kDone;
}

Ordering::Step Ordering::task(const RawEvent& raw) {
  const uint64_t id = raw.args[0];
  Task* known = tasks_.find(id);
  Event out = event(raw);
  if (raw.type == kUserTaskBegin) {
    if (known != nullptr) return broken("task " + std::to_string(id) + " begins twice");
    if (!check_ids(raw) || !needs(true, true)) return Step::kBroken;
    if (out.args[1] == 0) out.args[1] = model::kNoTask;
    tasks_.add(id, {out.args[1], std::string(tables_->text(out.text))});
  } else {
    if (!check_ids(raw) || !needs(true, true)) return Step::kBroken;
    out.args[1] = model::kNoTask;
    if (known != nullptr) {
      out.args[1] = known->parent;
      if (!known->name.empty()) out.text = tables_->add_text(known->name);
      tasks_.erase(id);
    }
  }
  emitter_.emit(out);
  return Step::kDone;
}

Ordering::Step Ordering::region(const RawEvent& raw) {
  if (!needs(true, true) || !check_ids(raw)) return Step::kBroken;
  Goroutine* goroutine = current_goroutine();
  if (goroutine == nullptr) return broken("a region of a goroutine that is not known");
  Event out = event(raw);
  auto& regions = extra(*goroutine).regions;
  std::pair<uint64_t, std::string> region(raw.args[0], tables_->text(out.text));
  if (raw.type == kUserRegionBegin) {
    regions.push_back(std::move(region));
  } else if (!regions.empty()) {  // else it began before the trace
    if (regions.back() != region) {
      return broken("region \"" + region.second + "\" ends in region \"" + regions.back().second + "\"");
    }
    regions.pop_back();
  }
  emitter_.emit(out);
  return Step::kDone;
}

}  // namespace edp::decode::go_trace
