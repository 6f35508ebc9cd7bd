// What the rules of ordering.cc and its kin share.
#pragma once

#include "runner/decode/go_trace/ordering.h"

namespace edp::decode::go_trace {

using model::GoState;
using model::ProcState;

inline int64_t as_id(uint64_t value) { return static_cast<int64_t>(value); }

inline std::string name(EventType type) { return std::string(spec_of(type).name); }

// "GoStart of goroutine 7", for messages.
inline std::string of_goroutine(EventType type, int64_t id) {
  return name(type) + " of goroutine " + std::to_string(id);
}
inline std::string of_proc(EventType type, int64_t id) {
  return name(type) + " of processor " + std::to_string(id);
}

inline Ordering::Goroutine* Ordering::find_goroutine(int64_t id) {
  Goroutine** found = goroutines_.find(static_cast<uint64_t>(id));
  return found == nullptr ? nullptr : *found;
}

inline Ordering::Proc* Ordering::find_proc(int64_t id) {
  Proc** found = procs_.find(static_cast<uint64_t>(id));
  return found == nullptr ? nullptr : *found;
}

inline Ordering::Goroutine* Ordering::current_goroutine() {
  Goroutine* goroutine = thread_->goroutine_at;
  if (goroutine == nullptr || goroutine->id == thread_->goroutine) return goroutine;
  return find_goroutine(thread_->goroutine);  // another one has taken its place
}

inline Ordering::Proc* Ordering::current_proc() { return thread_->proc_at; }

inline void Ordering::bind(Proc* proc) {
  if (thread_->id == kNoId) return;
  thread_->proc = proc == nullptr ? kNoId : proc->id;
  thread_->proc_at = proc;
}

inline void Ordering::bind(Goroutine* goroutine) {
  if (thread_->id == kNoId) return;
  thread_->goroutine = goroutine == nullptr ? kNoId : goroutine->id;
  thread_->goroutine_at = goroutine;
}

EDP_HOT Event& Ordering::event(const RawEvent& raw) {
  Event& event = event_;
  event.type = raw.type;
  event.time = raw.time;
  event.args = raw.args.data();
  event.thread = thread_->id;
  event.proc = thread_->proc;
  event.goroutine = thread_->goroutine;
  event.stack = event.new_stack = event.text = event.text2 = kNone;
  event.subject_tag = event.proc_tag = nullptr;
  Goroutine* current = current_goroutine();
  event.goroutine_tag = current == nullptr ? nullptr : &current->tag;
  return event;
}

EDP_HOT void Ordering::emit_go(Event& event, Goroutine& subject, GoState from, GoState to) {
  event.subject = static_cast<uint64_t>(subject.id);
  event.subject_tag = &subject.tag;
  event.go_from = from;
  event.go_to = to;
  emitter_.emit(event);
}

inline void Ordering::emit_proc(Event& event, Proc& subject, ProcState from, ProcState to) {
  event.subject = static_cast<uint64_t>(subject.id);
  event.proc_tag = &subject.tag;
  event.proc_from = from;
  event.proc_to = to;
  emitter_.emit(event);
}

// The current goroutine, where it is in `status`; else nullptr, and error() is set.
EDP_HOT Ordering::Goroutine* Ordering::running_goroutine(const RawEvent& raw, GoStatus status) {
  Goroutine* goroutine = current_goroutine();
  if (goroutine != nullptr && goroutine->status == status) return goroutine;
  go_is_not(raw, goroutine, status);
  return nullptr;
}

}  // namespace edp::decode::go_trace
