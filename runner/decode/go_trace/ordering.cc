#include <algorithm>

#include "runner/decode/go_trace/ordering_hot.h"

namespace edp::decode::go_trace {

using model::GoState;
using model::ProcState;

// -- who is known

Ordering::Thread* Ordering::thread(int64_t id) {
  if (id == kNoId) return &no_thread_;
  if (Thread** known = threads_.find(static_cast<uint64_t>(id))) return *known;
  Thread& thread = thread_pool_.emplace_back();
  thread.id = id;
  return threads_.add(static_cast<uint64_t>(id), &thread);
}

Ordering::Goroutine& Ordering::add_goroutine(int64_t id, GoStatus status) {
  if (free_goroutines_.empty()) free_goroutines_.push_back(&goroutine_pool_.emplace_back());
  Goroutine& goroutine = *free_goroutines_.back();
  free_goroutines_.pop_back();
  goroutine = {};
  goroutine.id = id;
  goroutine.status = status;
  goroutine.sequence = sequence(0);
  goroutines_.add(static_cast<uint64_t>(id), &goroutine);
  return goroutine;
}

// Its place stays readable, and tells that nobody is there.
void Ordering::remove_goroutine(Goroutine& goroutine) {
  goroutines_.erase(static_cast<uint64_t>(goroutine.id));
  goroutine.id = kNoId;
  goroutine.status = GoStatus::kBad;
  free_goroutines_.push_back(&goroutine);
}

Ordering::Extra& Ordering::extra(Goroutine& goroutine) {
  if (!goroutine.extra) goroutine.extra = std::make_unique<Extra>();
  return *goroutine.extra;
}

void Ordering::begin_generation(uint64_t number, Tables& tables, bool complete) {
  generation_ = number;
  if (first_generation_ == 0) first_generation_ = number;
  tables_ = &tables;
  complete_ = complete;
}

void Ordering::reset() {
  first_generation_ = 0;
  goroutines_.clear();
  procs_.clear();
  threads_.clear();
  tasks_.clear();
  free_goroutines_.clear();
  goroutine_pool_.clear();
  proc_pool_.clear();
  thread_pool_.clear();
  gc_state_ = GcState::kUndetermined;
  gc_sequence_ = 0;
  thread_ = &no_thread_;
}

// -- what is handed on

bool Ordering::lacks(const char* what) {
  error_ = std::string("an event that needs a ") + what + " has none";
  return false;
}

bool Ordering::lacks(const char* what, uint64_t id) {
  error_ =
      std::string("an event refers to ") + what + " " + std::to_string(id) + ", which is not in the table";
  return false;
}

Ordering::Step Ordering::go_is_not(const RawEvent& raw, const Goroutine* goroutine, GoStatus status) {
  std::string what = of_goroutine(raw.type, thread_->goroutine);
  if (goroutine == nullptr) {
    what += ", which is not known";
  } else {
    what += status == GoStatus::kRunning ? ", which is not running" : ", which is in no system call";
  }
  return broken(std::move(what));
}

void Ordering::emit(const RawEvent& raw, uint32_t stack, Goroutine* subject, uint32_t text) {
  Event& out = event(raw);
  out.stack = stack;
  out.text = text;
  if (subject != nullptr) out.subject_tag = &subject->tag;
  emitter_.emit(out);
}

Ordering::Goroutine* Ordering::bound_goroutine() { return current_goroutine(); }

void Ordering::emit_cpu_sample(int64_t time, int64_t thread, int64_t proc, uint64_t goroutine,
                               uint64_t stack) {
  thread_ = &no_thread_;
  const RawEvent raw{kCpuSample, time, {}};
  Event& sample = event(raw);
  sample.thread = thread;
  sample.proc = proc;
  if (goroutine != 0) {
    sample.goroutine = as_id(goroutine);
    if (Goroutine* known = find_goroutine(sample.goroutine)) sample.goroutine_tag = &known->tag;
  }
  sample.stack = tables_->stack_index(stack);
  emitter_.emit(sample);
}

// -- the rules

Ordering::Step Ordering::advance_rare(const RawEvent& raw) {
  switch (raw.type) {
    case kProcStart:
      return proc_start(raw);
    case kProcStop:
      return proc_stop(raw);
    case kProcSteal:
      return proc_steal(raw);
    case kProcStatus:
      return proc_status(raw);
    case kGoCreate:
    case kGoCreateBlocked:
      return go_create(raw);
    case kGoCreateSyscall:
      return go_create_syscall(raw);
    case kGoDestroy:
    case kGoStop:
      return go_stop(raw);
    case kGoDestroySyscall:
      return go_destroy_syscall(raw);
    case kGoSwitch:
    case kGoSwitchDestroy:
      return go_switch(raw);
    case kGoSyscallBegin:
      return go_syscall_begin(raw);
    case kGoSyscallEnd:
      return go_syscall_end(raw);
    case kGoSyscallEndBlocked:
      return go_syscall_end_blocked(raw);
    case kGoStatus:
    case kGoStatusStack:
      return go_status(raw);
    case kStwBegin:
    case kStwEnd:
      return stop_the_world(raw);
    case kGcActive:
      return gc_active(raw);
    case kGcBegin:
      return gc_begin(raw);
    case kGcEnd:
      return gc_end(raw);
    case kGcSweepActive:
    case kGcSweepBegin:
    case kGcSweepEnd:
      return sweep(raw);
    case kGcMarkAssistActive:
    case kGcMarkAssistBegin:
    case kGcMarkAssistEnd:
      return assist(raw);
    case kUserTaskBegin:
    case kUserTaskEnd:
      return task(raw);
    case kUserRegionBegin:
    case kUserRegionEnd:
      return region(raw);
    case kProcsChange:
    case kGoLabel:
    case kUserLog:
    case kHeapAlloc:
    case kHeapGoal:
      return annotation(raw);
    case kSpan:
    case kSpanAlloc:
    case kSpanFree:
    case kHeapObject:
    case kHeapObjectAlloc:
    case kHeapObjectFree:
    case kGoroutineStack:
    case kGoroutineStackAlloc:
    case kGoroutineStackFree:
      if (!needs(false, false)) return Step::kBroken;
      emitter_.emit(event(raw));
      return Step::kDone;
    default:
      return broken("an event of type " + std::to_string(raw.type) + " stands among a thread's events");
  }
}

}  // namespace edp::decode::go_trace
