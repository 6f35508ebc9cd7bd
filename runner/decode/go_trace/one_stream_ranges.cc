// The third pass, for what lasts: garbage collection, the world stopped, tasks and regions.
#include "runner/decode/go_trace/one_stream_converter_inline.h"

namespace edp::decode::go_trace::v1 {

constexpr int kStopReasonsFrom = 21;  // before, there were two kinds, counted from 0

bool Converter::collector(const Event& event, Proc* proc, int64_t proc_id) {
  const auto& args = event.raw.args;
  go_trace::Event& out = make(go_trace::kHeapAlloc, event, proc, proc_id);
  set_args(out, args[0], args[1]);
  const auto toggle = [&](bool& state, bool begins, const char* what) {
    if (state == begins) return broken(what, event);
    state = begins;
    return true;
  };
  switch (event.raw.type) {
    case kGcStart:
      if (!toggle(collecting_, true, "garbage collection begins twice")) return false;
      set_args(make(kGcBegin, event, proc, kGcProc), args[0]);
      break;
    case kGcDone:
      if (!toggle(collecting_, false, "garbage collection ends that has not begun")) return false;
      out.type = kGcEnd;
      break;
    case kStwStart: {
      if (!toggle(world_stopped_, true, "the world is stopped twice")) return false;
      size_t reason = 0;
      if (go_minor_ >= kStopReasonsFrom)
        reason = args[0] < stop_reasons_.size() ? args[0] : 0;
      else if (args[0] <= 1)
        reason = args[0] + 1;
      stop_reason_ = stop_reasons_[reason];
      out.type = kStwBegin;
      out.text = stop_reason_;
      break;
    }
    case kStwDone:
      if (!toggle(world_stopped_, false, "the world goes on that was not stopped")) return false;
      out.type = kStwEnd;
      out.text = stop_reason_;
      break;
    case kGcSweepStart:
      if (!toggle(proc->sweeps, true, "a sweep begins in a sweep")) return false;
      out.type = kGcSweepBegin;
      break;
    case kGcSweepDone:
      if (!toggle(proc->sweeps, false, "a sweep ends that has not begun")) return false;
      out.type = kGcSweepEnd;
      break;
    case kGcMarkAssistStart:
      if (!toggle(goroutine(event.goroutine).assists, true, "a mark assist begins in a mark assist"))
        return false;
      out.type = kGcMarkAssistBegin;
      break;
    case kGcMarkAssistDone:  // it may have begun before the trace
      goroutine(event.goroutine).assists = false;
      out.type = kGcMarkAssistEnd;
      break;
    case v1::kHeapGoal:
      out.type = go_trace::kHeapGoal;
      break;
    default:
      break;
  }
  emitter_.emit(out);
  return true;
}

bool Converter::task_or_region(const Event& event, const Proc* proc, int64_t proc_id) {
  const auto& args = event.raw.args;
  go_trace::Event& out = make(kUserTaskBegin, event, proc, proc_id);
  set_args(out, args[0]);
  switch (event.raw.type) {
    case kUserTaskCreate: {
      if (tasks_.find(args[0]) != nullptr)
        return broken("task " + std::to_string(args[0]) + " begins twice", event);
      set_args(out, args[0], args[1] == 0 ? model::kNoTask : args[1]);
      out.text = index_.tables.text_index(args[2]);
      tasks_.add(args[0], {args[1], out.text});
      break;
    }
    case v1::kUserTaskEnd: {
      out.type = go_trace::kUserTaskEnd;
      const Task* task = tasks_.find(args[0]);
      set_args(out, args[0], task == nullptr ? model::kNoTask : task->parent);
      out.text = task == nullptr ? kNone : task->name;
      tasks_.erase(args[0]);
      break;
    }
    case kUserRegion: {
      if (args[1] > 1) return broken("a region neither begins nor ends", event);
      const bool begins = args[1] == 0;
      out.type = begins ? kUserRegionBegin : kUserRegionEnd;
      out.text = index_.tables.text_index(args[2]);
      const Region region(args[0], args[2]);
      std::vector<Region>* open = regions_.find(event.goroutine);
      if (begins) {
        if (open == nullptr) open = &regions_.add(event.goroutine, {});
        open->push_back(region);
      } else if (open != nullptr && !open->empty()) {
        if (open->back() != region) return broken("a region ends in another one", event);
        open->pop_back();
        if (open->empty()) regions_.erase(event.goroutine);
      }
      break;
    }
    default:
      out.type = go_trace::kUserLog;
      out.text = index_.tables.text_index(args[1]);
      out.text2 = index_.tables.add_text(event.raw.text);
  }
  emitter_.emit(out);
  return true;
}

}  // namespace edp::decode::go_trace::v1
