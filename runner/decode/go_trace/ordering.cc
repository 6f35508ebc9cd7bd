#include "runner/decode/go_trace/ordering.h"

#include <algorithm>

// Tens of millions of events go through these.
#define EDP_HOT [[gnu::always_inline]] inline

namespace edp::decode::go_trace {

using model::GoState;
using model::ProcState;

namespace {

int64_t as_id(uint64_t value) { return static_cast<int64_t>(value); }

std::string name(EventType type) { return std::string(spec_of(type).name); }

// "GoStart of goroutine 7", for messages.
std::string of_goroutine(EventType type, int64_t id) {
  return name(type) + " of goroutine " + std::to_string(id);
}
std::string of_proc(EventType type, int64_t id) { return name(type) + " of processor " + std::to_string(id); }

}  // namespace

// -- who is known

Ordering::Thread* Ordering::thread(int64_t id) {
  if (id == kNoId) return &no_thread_;
  if (Thread** known = threads_.find(static_cast<uint64_t>(id))) return *known;
  Thread& thread = thread_pool_.emplace_back();
  thread.id = id;
  return threads_.add(static_cast<uint64_t>(id), &thread);
}

inline Ordering::Goroutine* Ordering::find_goroutine(int64_t id) {
  Goroutine** found = goroutines_.find(static_cast<uint64_t>(id));
  return found == nullptr ? nullptr : *found;
}

inline Ordering::Proc* Ordering::find_proc(int64_t id) {
  Proc** found = procs_.find(static_cast<uint64_t>(id));
  return found == nullptr ? nullptr : *found;
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

inline Ordering::Goroutine* Ordering::current_goroutine() {
  Goroutine* goroutine = thread_->goroutine_at;
  if (goroutine == nullptr || goroutine->id == thread_->goroutine) return goroutine;
  return find_goroutine(thread_->goroutine);  // another one has taken its place
}

inline Ordering::Proc* Ordering::current_proc() { return thread_->proc_at; }

Ordering::Extra& Ordering::extra(Goroutine& goroutine) {
  if (!goroutine.extra) goroutine.extra = std::make_unique<Extra>();
  return *goroutine.extra;
}

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

EDP_HOT Event& Ordering::event(const RawEvent& raw) {
  Event& event = event_;
  event.type = raw.type;
  event.time = raw.time;
  event.args = raw.args;
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
  Event& sample = event({kCpuSample, time, {}});
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

// The current goroutine, where it is in `status`; else nullptr, and error() is set.
EDP_HOT Ordering::Goroutine* Ordering::running_goroutine(const RawEvent& raw, GoStatus status) {
  Goroutine* goroutine = current_goroutine();
  if (goroutine != nullptr && goroutine->status == status) return goroutine;
  error_ = of_goroutine(raw.type, thread_->goroutine);
  if (goroutine == nullptr) {
    error_ += ", which is not known";
  } else {
    error_ += status == GoStatus::kRunning ? ", which is not running" : ", which is in no system call";
  }
  return nullptr;
}

Ordering::Step Ordering::advance(const RawEvent& raw, Thread* thread) {
  thread_ = thread;
  thread->seen = true;
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
    case kGoStart:
      return go_start(raw);
    case kGoDestroy:
    case kGoStop:
    case kGoBlock:
      return go_stop(raw);
    case kGoDestroySyscall:
      return go_destroy_syscall(raw);
    case kGoUnblock:
      return go_unblock(raw);
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

Ordering::Step Ordering::annotation(const RawEvent& raw) {
  if (!needs(true, raw.type != kHeapAlloc && raw.type != kHeapGoal)) return Step::kBroken;
  Event& out = event(raw);
  bool ok = true;
  if (raw.type == kProcsChange) ok = find_stack(raw.args[1], out.stack);
  if (raw.type == kGoLabel) ok = find_text(raw.args[0], out.text);
  if (raw.type == kUserLog) {
    ok = find_text(raw.args[1], out.text) && find_text(raw.args[2], out.text2) &&
         find_stack(raw.args[3], out.stack);
  }
  if (!ok) return Step::kBroken;
  emitter_.emit(out);
  return Step::kDone;
}

Ordering::Step Ordering::proc_status(const RawEvent& raw) {
  const int64_t id = as_id(raw.args[0]);
  if (raw.args[1] > static_cast<uint64_t>(ProcStatus::kSyscallAbandoned)) {
    return broken(of_proc(raw.type, id) + ": there is no status " + std::to_string(raw.args[1]));
  }
  const auto state_of = [](ProcStatus status) {
    switch (status) {
      case ProcStatus::kRunning:
      case ProcStatus::kSyscall:
        return ProcState::kRunning;
      case ProcStatus::kIdle:
      case ProcStatus::kSyscallAbandoned:
        return ProcState::kIdle;
      case ProcStatus::kBad:
        break;
    }
    return ProcState::kUndetermined;
  };
  const auto told = static_cast<ProcStatus>(raw.args[1]);
  ProcStatus status = told;
  ProcState from = state_of(status);
  Proc* proc = find_proc(id);
  if (proc != nullptr) {
    if (told == ProcStatus::kSyscallAbandoned && proc->status == ProcStatus::kSyscall) {
      // It is about to be taken away, but whose it is, is known.
      from = ProcState::kRunning;
      status = ProcStatus::kSyscall;
    } else if (proc->status != told) {
      return broken(of_proc(raw.type, id) + " contradicts what was known of it");
    }
    proc->sequence = sequence(0);
  } else {
    proc = procs_.add(static_cast<uint64_t>(id), &proc_pool_.emplace_back());
    proc->id = id;
    proc->status = told;
    proc->sequence = sequence(0);
    from = is_first() ? ProcState::kUndetermined : ProcState::kNotExist;
  }
  const bool binds = told == ProcStatus::kRunning || told == ProcStatus::kSyscall;
  if (told == ProcStatus::kSyscallAbandoned && from == ProcState::kRunning) {
    // Another thread tells it: the event belongs where the processor is bound.
    bool found = false;
    Thread* const teller = thread_;
    threads_.for_each([&](uint64_t, Thread* thread) {
      if (found || thread->proc != id) return;
      thread_ = thread;
      found = true;
    });
    if (!found) return broken(of_proc(raw.type, id) + ": the thread that it is taken from is not known");
    emit_proc(event(raw), *proc, from, state_of(status));
    thread_ = teller;
    return Step::kDone;
  }
  emit_proc(event(raw), *proc, from, state_of(status));
  if (binds) bind(proc);
  return Step::kDone;
}

Ordering::Step Ordering::proc_start(const RawEvent& raw) {
  const int64_t id = as_id(raw.args[0]);
  Proc* proc = find_proc(id);
  if (proc == nullptr || proc->status != ProcStatus::kIdle ||
      !sequence(raw.args[1]).succeeds(proc->sequence) || thread_->proc != kNoId) {
    return Step::kNotYet;
  }
  if (!needs(false, false)) return Step::kBroken;
  proc->status = ProcStatus::kRunning;
  proc->sequence = sequence(raw.args[1]);
  emit_proc(event(raw), *proc, ProcState::kIdle, ProcState::kRunning);
  bind(proc);
  return Step::kDone;
}

Ordering::Step Ordering::proc_stop(const RawEvent& raw) {
  Proc* proc = current_proc();
  if (proc == nullptr) return broken(of_proc(raw.type, thread_->proc) + ", which is not known");
  if (proc->status != ProcStatus::kRunning && proc->status != ProcStatus::kSyscall) {
    return broken(of_proc(raw.type, thread_->proc) + ", which is not running");
  }
  if (!needs(true, false)) return Step::kBroken;
  proc->status = ProcStatus::kIdle;
  emit_proc(event(raw), *proc, ProcState::kRunning, ProcState::kIdle);
  bind(static_cast<Proc*>(nullptr));
  return Step::kDone;
}

Ordering::Step Ordering::proc_steal(const RawEvent& raw) {
  const int64_t id = as_id(raw.args[0]);
  Proc* proc = find_proc(id);
  if (proc == nullptr ||
      (proc->status != ProcStatus::kSyscall && proc->status != ProcStatus::kSyscallAbandoned) ||
      !sequence(raw.args[1]).succeeds(proc->sequence)) {
    return Step::kNotYet;
  }
  if (!needs(false, false)) return Step::kBroken;
  const ProcStatus before = proc->status;
  proc->status = ProcStatus::kIdle;
  proc->sequence = sequence(raw.args[1]);
  // Whose an abandoned processor was, is lost.
  if (before == ProcStatus::kSyscallAbandoned) {
    emit_proc(event(raw), *proc, ProcState::kIdle, ProcState::kIdle);
    return Step::kDone;
  }
  const int64_t from = as_id(raw.args[2]);
  if (from == thread_->id) {
    if (thread_->proc != id)
      return broken(of_proc(raw.type, id) + " by its own thread, which has another one");
    emit_proc(event(raw), *proc, ProcState::kRunning, ProcState::kIdle);
    bind(static_cast<Proc*>(nullptr));
    return Step::kDone;
  }
  Thread** victim = from == kNoId ? nullptr : threads_.find(static_cast<uint64_t>(from));
  if (victim == nullptr || !(*victim)->seen) {
    return broken(of_proc(raw.type, id) + " from thread " + std::to_string(from) + ", which is not known");
  }
  if ((*victim)->proc != id) {
    return broken(of_proc(raw.type, id) + " from thread " + std::to_string(from) + ", which has another one");
  }
  // That thread can't leave its system call before it has lost the processor.
  (*victim)->proc = kNoId;
  (*victim)->proc_at = nullptr;
  emit_proc(event(raw), *proc, ProcState::kRunning, ProcState::kIdle);
  return Step::kDone;
}

Ordering::Step Ordering::go_status(const RawEvent& raw) {
  const int64_t id = as_id(raw.args[0]), thread_id = as_id(raw.args[1]);
  if (raw.args[2] > static_cast<uint64_t>(GoStatus::kWaiting)) {
    return broken(of_goroutine(raw.type, id) + ": there is no status " + std::to_string(raw.args[2]));
  }
  constexpr std::array kStates = {GoState::kUndetermined, GoState::kRunnable, GoState::kRunning,
                                  GoState::kSyscall, GoState::kWaiting};
  const auto status = static_cast<GoStatus>(raw.args[2]);
  const GoState to = kStates[raw.args[2]];
  GoState from = to;
  Goroutine* goroutine = find_goroutine(id);
  if (goroutine != nullptr) {
    if (goroutine->status != status)
      return broken(of_goroutine(raw.type, id) + " contradicts what was known of it");
    goroutine->sequence = sequence(0);
  } else if (is_first()) {
    goroutine = &add_goroutine(id, status);
    from = GoState::kUndetermined;
  } else {
    return broken(of_goroutine(raw.type, id) + ", which is not known and not new");
  }
  uint32_t stack = kNone;
  if (raw.type == kGoStatusStack && !find_stack(raw.args[3], stack)) return Step::kBroken;
  Event& out = event(raw);
  out.stack = stack;
  bool binds = status == GoStatus::kRunning;
  if (status == GoStatus::kSyscall) {
    if (thread_id == kNoId) return broken(of_goroutine(raw.type, id) + " in a system call without a thread");
    if (thread_id == thread_->id) {
      if (!is_first() && thread_->goroutine != id) {
        return broken(of_goroutine(raw.type, id) + " in a system call of a thread that has another one");
      }
      binds = true;
    } else {
      // It has been in its system call since the generation began; some thread tells of it.
      Thread& other = *thread(thread_id);
      if (other.seen) {
        if (other.goroutine != id) {
          return broken(of_goroutine(raw.type, id) + " in a system call of a thread that has another one");
        }
        out.goroutine = id;
      } else {
        other.seen = true;
        other.goroutine = id;
        other.goroutine_at = goroutine;
        other.proc = kNoId;
        other.proc_at = nullptr;
      }
      out.thread = thread_id;
    }
  }
  emit_go(out, *goroutine, from, to);
  if (binds) bind(goroutine);
  return Step::kDone;
}

Ordering::Step Ordering::go_create(const RawEvent& raw) {
  uint32_t stack = kNone, new_stack = kNone;
  if (!needs(true, false) || !find_stack(raw.args[1], new_stack) || !find_stack(raw.args[2], stack)) {
    return Step::kBroken;
  }
  const Goroutine* creator = current_goroutine();
  if (creator != nullptr && creator->status != GoStatus::kRunning) {
    return broken(name(raw.type) + " by a goroutine that is not running");
  }
  const int64_t id = as_id(raw.args[0]);
  if (find_goroutine(id) != nullptr) return broken(of_goroutine(raw.type, id) + ", which exists already");
  const bool blocked = raw.type == kGoCreateBlocked;
  Goroutine& created = add_goroutine(id, blocked ? GoStatus::kWaiting : GoStatus::kRunnable);
  Event& out = event(raw);
  out.stack = stack;
  out.new_stack = new_stack;
  emit_go(out, created, GoState::kNotExist, blocked ? GoState::kWaiting : GoState::kRunnable);
  return Step::kDone;
}

Ordering::Step Ordering::go_create_syscall(const RawEvent& raw) {
  if (!needs(false, false)) return Step::kBroken;
  if (thread_->goroutine != kNoId) return broken(name(raw.type) + " on a thread that has a goroutine");
  const int64_t id = as_id(raw.args[0]);
  if (find_goroutine(id) != nullptr) return broken(of_goroutine(raw.type, id) + ", which exists already");
  Goroutine& created = add_goroutine(id, GoStatus::kSyscall);
  emit_go(event(raw), created, GoState::kNotExist, GoState::kSyscall);
  bind(&created);
  return Step::kDone;
}

Ordering::Step Ordering::go_start(const RawEvent& raw) {
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

Ordering::Step Ordering::go_stop(const RawEvent& raw) {
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

Ordering::Step Ordering::go_destroy_syscall(const RawEvent& raw) {
  if (!needs(false, true)) return Step::kBroken;
  Goroutine* goroutine = running_goroutine(raw, GoStatus::kSyscall);
  if (goroutine == nullptr) return Step::kBroken;
  const int64_t proc_id = thread_->proc;
  // The thread's id may be used again: it must not be taken for the one that has the processor.
  if (proc_id != kNoId) {
    Proc* proc = current_proc();
    if (proc == nullptr) return broken(of_proc(raw.type, thread_->proc) + ", which is not known");
    if (proc->status != ProcStatus::kSyscall)
      return broken(of_proc(raw.type, thread_->proc) + ", which is in no system call");
    proc->status = ProcStatus::kSyscallAbandoned;
    RawEvent steal{kProcSteal, raw.time, {static_cast<uint64_t>(thread_->proc)}};
    emit_proc(event(steal), *proc, ProcState::kRunning, ProcState::kIdle);
    bind(static_cast<Proc*>(nullptr));
  }
  Event& out = event(raw);
  out.proc = proc_id;
  emit_go(out, *goroutine, GoState::kSyscall, GoState::kNotExist);
  remove_goroutine(*goroutine);
  bind(static_cast<Goroutine*>(nullptr));
  return Step::kDone;
}

Ordering::Step Ordering::go_unblock(const RawEvent& raw) {
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

// Three events in one: the other is let go, the current one blocks or ends, the other runs.
Ordering::Step Ordering::go_switch(const RawEvent& raw) {
  if (!needs(true, true)) return Step::kBroken;
  Goroutine* goroutine = running_goroutine(raw, GoStatus::kRunning);
  if (goroutine == nullptr) return Step::kBroken;
  const int64_t id = as_id(raw.args[0]);
  Goroutine* next = find_goroutine(id);
  if (next == nullptr || next->status != GoStatus::kWaiting ||
      !sequence(raw.args[1]).succeeds(next->sequence)) {
    return Step::kNotYet;
  }
  emit_go(event(raw), *next, GoState::kWaiting, GoState::kRunnable);
  if (raw.type == kGoSwitch) {
    goroutine->status = GoStatus::kWaiting;
    emit_go(event({kGoBlock, raw.time, {}}), *goroutine, GoState::kRunning, GoState::kWaiting);
  } else {
    emit_go(event({kGoDestroy, raw.time, {}}), *goroutine, GoState::kRunning, GoState::kNotExist);
    remove_goroutine(*goroutine);
  }
  next->status = GoStatus::kRunning;
  next->sequence = sequence(raw.args[1]);
  bind(static_cast<Goroutine*>(nullptr));
  emit_go(event({kGoStart, raw.time, {raw.args[0], raw.args[1]}}), *next, GoState::kRunnable,
          GoState::kRunning);
  bind(next);
  return Step::kDone;
}

Ordering::Step Ordering::go_syscall_begin(const RawEvent& raw) {
  if (!needs(true, true)) return Step::kBroken;
  Goroutine* goroutine = running_goroutine(raw, GoStatus::kRunning);
  if (goroutine == nullptr) return Step::kBroken;
  Proc* proc = current_proc();
  if (proc == nullptr) return broken(of_proc(raw.type, thread_->proc) + ", which is not known");
  if (!sequence(raw.args[0]).succeeds(proc->sequence)) {
    return broken(of_proc(raw.type, thread_->proc) + " is out of sequence");
  }
  Event& out = event(raw);
  if (!find_stack(raw.args[1], out.stack)) return Step::kBroken;
  goroutine->status = GoStatus::kSyscall;
  proc->status = ProcStatus::kSyscall;
  proc->sequence = sequence(raw.args[0]);
  emit_go(out, *goroutine, GoState::kRunning, GoState::kSyscall);
  return Step::kDone;
}

Ordering::Step Ordering::go_syscall_end(const RawEvent& raw) {
  if (!needs(true, true)) return Step::kBroken;
  Goroutine* goroutine = running_goroutine(raw, GoStatus::kSyscall);
  if (goroutine == nullptr) return Step::kBroken;
  Proc* proc = current_proc();
  if (proc == nullptr || proc->status != ProcStatus::kSyscall) {
    return broken(of_proc(raw.type, thread_->proc) + ", which is in no system call");
  }
  goroutine->status = GoStatus::kRunning;
  proc->status = ProcStatus::kRunning;
  emit_go(event(raw), *goroutine, GoState::kSyscall, GoState::kRunning);
  return Step::kDone;
}

Ordering::Step Ordering::go_syscall_end_blocked(const RawEvent& raw) {
  // The processor is going to be lost before: stopped or stolen.
  if (thread_->proc != kNoId) {
    const Proc* proc = current_proc();
    if (proc == nullptr) return broken(of_proc(raw.type, thread_->proc) + ", which is not known");
    if (proc->status == ProcStatus::kSyscall) return Step::kNotYet;
  }
  if (!needs(false, true)) return Step::kBroken;
  Goroutine* goroutine = running_goroutine(raw, GoStatus::kSyscall);
  if (goroutine == nullptr) return Step::kBroken;
  goroutine->status = GoStatus::kRunnable;
  emit_go(event(raw), *goroutine, GoState::kSyscall, GoState::kRunnable);
  bind(static_cast<Goroutine*>(nullptr));
  return Step::kDone;
}

}  // namespace edp::decode::go_trace
