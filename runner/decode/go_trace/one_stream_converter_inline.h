// The steps of the third pass that most events take.
#pragma once

#include "runner/decode/go_trace/one_stream_converter.h"

namespace edp::decode::go_trace::v1 {

EDP_HOT int64_t Converter::time_of(int64_t ticks) const {
  const double since = static_cast<double>(
      static_cast<int64_t>(static_cast<uint64_t>(ticks) - static_cast<uint64_t>(first_ticks_)));
  const double ns = since * ns_per_tick_;
  constexpr auto kEnd = static_cast<double>(Emitter::kEndOfTime);
  return ns < kEnd && ns > -kEnd ? static_cast<int64_t>(ns) : Emitter::kEndOfTime;
}

EDP_HOT Converter::Goroutine* Converter::find(uint64_t id) {
  if (current_ != nullptr && current_->id == id) return current_;
  Goroutine** known = goroutines_.find(id);
  return known == nullptr ? nullptr : *known;
}

EDP_HOT void Converter::run_on(Proc& proc, Goroutine* goroutine) {
  proc.goroutine = goroutine == nullptr ? 0 : goroutine->id;
  proc.goroutine_at = goroutine;
}

EDP_HOT go_trace::Event& Converter::make_here(EventType type, const Event& event, const Proc* proc,
                                              int64_t proc_id) {
  go_trace::Event& out = event_;
  out.type = type;
  out.time = time_of(event.ticks);
  out.args = kNoArgs.data();
  out.goroutine = event.goroutine == 0 ? kNoId : static_cast<int64_t>(event.goroutine);
  out.proc = proc_id;
  out.thread = proc != nullptr && proc_id < kFirstFakeProc ? proc->thread : kNoId;
  out.stack = index_.tables.stack_index(event.raw.stack);
  out.new_stack = out.text = out.text2 = kNone;
  out.subject_tag = out.proc_tag = nullptr;
  Goroutine* current = out.goroutine == kNoId ? nullptr : find(event.goroutine);
  out.goroutine_tag = current == nullptr ? nullptr : &current->tag;
  return out;
}

EDP_HOT void Converter::emit_go(go_trace::Event& event, Goroutine& subject, model::GoState from,
                                model::GoState to) {
  event.subject = subject.id;
  event.subject_tag = &subject.tag;
  event.go_from = from;
  event.go_to = to;
  emitter_.emit(event);
}

EDP_HOT bool Converter::check_running(const Event& event, const Proc* proc, bool or_none) {
  if (current_ == nullptr || current_->status != Status::kRunning) {
    return broken("does what only a running one can", event);
  }
  if (proc == nullptr || proc->goroutine != event.goroutine) {
    return broken("does something on a processor that runs another one", event);
  }
  return or_none || event.goroutine != 0 ||
         broken("something is done by no goroutine that only one can do", event);
}

}  // namespace edp::decode::go_trace::v1
