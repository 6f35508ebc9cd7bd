#include "runner/decode/go_trace/ordering.h"

#include <algorithm>

namespace edp::decode::go_trace {

using model::GoState;
using model::ProcState;

namespace {

constexpr uint64_t kNoTask = model::kNoTask;

int64_t as_id(uint64_t value) { return static_cast<int64_t>(value); }

std::string name(EventType type) { return std::string(spec_of(type).name); }

// "GoStart of goroutine 7", for messages.
std::string of_goroutine(EventType type, int64_t id) {
  return name(type) + " of goroutine " + std::to_string(id);
}
std::string of_proc(EventType type, int64_t id) { return name(type) + " of processor " + std::to_string(id); }

}  // namespace

// -- tables of who is known

Ordering::Thread* Ordering::thread(int64_t id) {
  if (id == kNoId) return nullptr;
  if (Thread** known = threads_.find(static_cast<uint64_t>(id))) return *known;
  Thread& thread = thread_pool_.emplace_back();
  thread.id = id;
  return threads_.add(static_cast<uint64_t>(id), &thread);
}

Ordering::Goroutine* Ordering::find_goroutine(int64_t id) {
  Goroutine** found = goroutines_.find(static_cast<uint64_t>(id));
  return found == nullptr ? nullptr : *found;
}

Ordering::Proc* Ordering::find_proc(int64_t id) {
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

Ordering::Goroutine* Ordering::current_goroutine() {
  if (context_.goroutine == kNoId) return nullptr;
  if (thread_ != nullptr && thread_->goroutine == context_.goroutine && thread_->goroutine_at != nullptr &&
      thread_->goroutine_at->id == context_.goroutine) {
    return thread_->goroutine_at;
  }
  return find_goroutine(context_.goroutine);
}

Ordering::Proc* Ordering::current_proc() {
  if (context_.proc == kNoId) return nullptr;
  if (thread_ != nullptr && thread_->proc == context_.proc && thread_->proc_at != nullptr)
    return thread_->proc_at;
  return find_proc(context_.proc);
}

Ordering::Extra& Ordering::extra(Goroutine& goroutine) {
  if (!goroutine.extra) goroutine.extra = std::make_unique<Extra>();
  return *goroutine.extra;
}

void Ordering::bind(int64_t proc, Proc* proc_at) {
  if (thread_ == nullptr) return;
  thread_->proc = proc;
  thread_->proc_at = proc_at;
}

void Ordering::bind_goroutine(int64_t goroutine, Goroutine* goroutine_at) {
  if (thread_ == nullptr) return;
  thread_->goroutine = goroutine;
  thread_->goroutine_at = goroutine_at;
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
  thread_ = nullptr;
}

// -- what is handed on

bool Ordering::check_ids(const RawEvent& raw) {
  if (!complete_) return true;
  const EventSpec& spec = spec_of(raw.type);
  for (const int8_t i : {spec.stack, spec.new_stack}) {
    if (i < 0) continue;
    const uint64_t id = raw.args[static_cast<size_t>(i)];
    if (id == 0 || tables_->stack_index(id) != kNone) continue;
    error_ = name(raw.type) + " refers to stack " + std::to_string(id) + ", which is not in the table";
    return false;
  }
  for (const int8_t i : {spec.text, spec.text2}) {
    if (i < 0) continue;
    const uint64_t id = raw.args[static_cast<size_t>(i)];
    if (id == 0 || tables_->text_index(id) != kNone) continue;
    error_ = name(raw.type) + " refers to string " + std::to_string(id) + ", which is not in the table";
    return false;
  }
  return true;
}

Event Ordering::event(const RawEvent& raw) {
  Event event;
  event.type = raw.type;
  event.time = raw.time;
  event.args = raw.args;
  event.thread = context_.thread;
  event.proc = context_.proc;
  event.goroutine = context_.goroutine;
  if (Goroutine* current = current_goroutine()) event.goroutine_tag = &current->tag;
  const EventSpec& spec = spec_of(raw.type);
  const auto arg = [&raw](int8_t i) { return raw.args[static_cast<size_t>(i)]; };
  if (spec.stack >= 0) event.stack = tables_->stack_index(arg(spec.stack));
  if (spec.new_stack >= 0) event.new_stack = tables_->stack_index(arg(spec.new_stack));
  if (spec.text >= 0) event.text = tables_->text_index(arg(spec.text));
  if (spec.text2 >= 0) event.text2 = tables_->text_index(arg(spec.text2));
  return event;
}

void Ordering::emit_go(Event event, Goroutine& subject, GoState from, GoState to) {
  event.subject = static_cast<uint64_t>(subject.id);
  event.subject_tag = &subject.tag;
  event.go_from = from;
  event.go_to = to;
  emitter_.emit(event);
}

void Ordering::emit_proc(Event event, Proc& subject, ProcState from, ProcState to) {
  event.subject = static_cast<uint64_t>(subject.id);
  event.proc_tag = &subject.tag;
  event.proc_from = from;
  event.proc_to = to;
  emitter_.emit(event);
}

void Ordering::emit_plain(const RawEvent& raw) {
  Event plain = event(raw);
  emitter_.emit(plain);
}

void Ordering::emit_cpu_sample(int64_t time, int64_t thread, int64_t proc, uint64_t goroutine,
                               uint64_t stack) {
  Event sample;
  sample.type = kCpuSample;
  sample.time = time;
  sample.thread = thread;
  sample.proc = proc;
  sample.goroutine = goroutine == 0 ? kNoId : as_id(goroutine);
  sample.stack = tables_->stack_index(stack);
  if (sample.goroutine != kNoId) {
    if (Goroutine* known = find_goroutine(sample.goroutine)) sample.goroutine_tag = &known->tag;
  }
  emitter_.emit(sample);
}

// -- the rules

bool Ordering::needs(bool proc, bool goroutine) {
  if (context_.thread == kNoId)
    error_ = "an event that needs a thread has none";
  else if (proc && context_.proc == kNoId)
    error_ = "an event that needs a processor has none";
  else if (goroutine && context_.goroutine == kNoId)
    error_ = "an event that needs a goroutine has none";
  else
    return true;
  return false;
}

Ordering::Step Ordering::advance(const RawEvent& raw, Thread* thread) {
  thread_ = thread;
  context_ = {};
  if (thread != nullptr) {
    thread->seen = true;
    context_ = {thread->id, thread->proc, thread->goroutine};
  }
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
      if (!needs(true, true) || !check_ids(raw)) return Step::kBroken;
      emit_plain(raw);
      return Step::kDone;
    case kHeapAlloc:
    case kHeapGoal:
      if (!needs(true, false)) return Step::kBroken;
      emit_plain(raw);
      return Step::kDone;
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
      emit_plain(raw);
      return Step::kDone;
    default:
      return broken("an event of type " + std::to_string(raw.type) + " stands among a thread's events");
  }
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
    threads_.for_each([&](uint64_t, Thread* thread) {
      if (found || thread->proc != id) return;
      context_ = {thread->id, id, thread->goroutine};
      found = true;
    });
    if (!found) return broken(of_proc(raw.type, id) + ": the thread that it is taken from is not known");
  }
  emit_proc(event(raw), *proc, from, state_of(status));
  if (binds) bind(id, proc);
  return Step::kDone;
}

Ordering::Step Ordering::proc_start(const RawEvent& raw) {
  const int64_t id = as_id(raw.args[0]);
  Proc* proc = find_proc(id);
  if (proc == nullptr || proc->status != ProcStatus::kIdle ||
      !sequence(raw.args[1]).succeeds(proc->sequence) || context_.proc != kNoId) {
    return Step::kNotYet;
  }
  if (!needs(false, false)) return Step::kBroken;
  proc->status = ProcStatus::kRunning;
  proc->sequence = sequence(raw.args[1]);
  emit_proc(event(raw), *proc, ProcState::kIdle, ProcState::kRunning);
  bind(id, proc);
  return Step::kDone;
}

Ordering::Step Ordering::proc_stop(const RawEvent& raw) {
  Proc* proc = current_proc();
  if (proc == nullptr) return broken(of_proc(raw.type, context_.proc) + ", which is not known");
  if (proc->status != ProcStatus::kRunning && proc->status != ProcStatus::kSyscall) {
    return broken(of_proc(raw.type, context_.proc) + ", which is not running");
  }
  if (!needs(true, false)) return Step::kBroken;
  proc->status = ProcStatus::kIdle;
  emit_proc(event(raw), *proc, ProcState::kRunning, ProcState::kIdle);
  bind(kNoId, nullptr);
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
  if (from == context_.thread) {
    if (context_.proc != id)
      return broken(of_proc(raw.type, id) + " by its own thread, which has another one");
    emit_proc(event(raw), *proc, ProcState::kRunning, ProcState::kIdle);
    bind(kNoId, nullptr);
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
  if (!check_ids(raw)) return Step::kBroken;
  bool binds = status == GoStatus::kRunning;
  if (status == GoStatus::kSyscall) {
    if (thread_id == kNoId) return broken(of_goroutine(raw.type, id) + " in a system call without a thread");
    if (thread_id == context_.thread) {
      if (!is_first() && context_.goroutine != id) {
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
        context_.goroutine = id;
      } else {
        other.seen = true;
        other.goroutine = id;
        other.goroutine_at = goroutine;
        other.proc = kNoId;
        other.proc_at = nullptr;
      }
      context_.thread = thread_id;
    }
  }
  emit_go(event(raw), *goroutine, from, to);
  if (binds) bind_goroutine(id, goroutine);
  return Step::kDone;
}

Ordering::Step Ordering::go_create(const RawEvent& raw) {
  if (!needs(true, false) || !check_ids(raw)) return Step::kBroken;
  const Goroutine* creator = current_goroutine();
  if (creator != nullptr && creator->status != GoStatus::kRunning) {
    return broken(name(raw.type) + " by a goroutine that is not running");
  }
  const int64_t id = as_id(raw.args[0]);
  if (find_goroutine(id) != nullptr) return broken(of_goroutine(raw.type, id) + ", which exists already");
  const bool blocked = raw.type == kGoCreateBlocked;
  Goroutine& created = add_goroutine(id, blocked ? GoStatus::kWaiting : GoStatus::kRunnable);
  emit_go(event(raw), created, GoState::kNotExist, blocked ? GoState::kWaiting : GoState::kRunnable);
  return Step::kDone;
}

Ordering::Step Ordering::go_create_syscall(const RawEvent& raw) {
  if (!needs(false, false)) return Step::kBroken;
  if (context_.goroutine != kNoId) return broken(name(raw.type) + " on a thread that has a goroutine");
  const int64_t id = as_id(raw.args[0]);
  if (find_goroutine(id) != nullptr) return broken(of_goroutine(raw.type, id) + ", which exists already");
  Goroutine& created = add_goroutine(id, GoStatus::kSyscall);
  emit_go(event(raw), created, GoState::kNotExist, GoState::kSyscall);
  bind_goroutine(id, &created);
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
  if (context_.goroutine != kNoId)
    return broken(of_goroutine(raw.type, id) + " on a thread that runs another one");
  goroutine->status = GoStatus::kRunning;
  goroutine->sequence = sequence(raw.args[1]);
  emit_go(event(raw), *goroutine, GoState::kRunnable, GoState::kRunning);
  bind_goroutine(id, goroutine);
  return Step::kDone;
}

// The current goroutine, where it is in `status`; else nullptr, and error() is set.
Ordering::Goroutine* Ordering::running_goroutine(const RawEvent& raw, GoStatus status) {
  Goroutine* goroutine = current_goroutine();
  if (goroutine == nullptr) {
    error_ = of_goroutine(raw.type, context_.goroutine) + ", which is not known";
  } else if (goroutine->status != status) {
    error_ = of_goroutine(raw.type, context_.goroutine) +
             (status == GoStatus::kRunning ? ", which is not running" : ", which is in no system call");
    goroutine = nullptr;
  }
  return goroutine;
}

Ordering::Step Ordering::go_stop(const RawEvent& raw) {
  if (!needs(true, true) || !check_ids(raw)) return Step::kBroken;
  Goroutine* goroutine = running_goroutine(raw, GoStatus::kRunning);
  if (goroutine == nullptr) return Step::kBroken;
  switch (raw.type) {
    case kGoStop:
      goroutine->status = GoStatus::kRunnable;
      emit_go(event(raw), *goroutine, GoState::kRunning, GoState::kRunnable);
      break;
    case kGoBlock:
      goroutine->status = GoStatus::kWaiting;
      emit_go(event(raw), *goroutine, GoState::kRunning, GoState::kWaiting);
      break;
    default:
      emit_go(event(raw), *goroutine, GoState::kRunning, GoState::kNotExist);
      remove_goroutine(*goroutine);
  }
  bind_goroutine(kNoId, nullptr);
  return Step::kDone;
}

Ordering::Step Ordering::go_destroy_syscall(const RawEvent& raw) {
  if (!needs(false, true)) return Step::kBroken;
  Goroutine* goroutine = running_goroutine(raw, GoStatus::kSyscall);
  if (goroutine == nullptr) return Step::kBroken;
  // The thread's id may be used again: it must not be taken for the one that has the processor.
  if (context_.proc != kNoId) {
    Proc* proc = current_proc();
    if (proc == nullptr) return broken(of_proc(raw.type, context_.proc) + ", which is not known");
    if (proc->status != ProcStatus::kSyscall)
      return broken(of_proc(raw.type, context_.proc) + ", which is in no system call");
    proc->status = ProcStatus::kSyscallAbandoned;
    RawEvent steal{kProcSteal, raw.time, {static_cast<uint64_t>(context_.proc)}};
    emit_proc(event(steal), *proc, ProcState::kRunning, ProcState::kIdle);
    bind(kNoId, nullptr);
  }
  emit_go(event(raw), *goroutine, GoState::kSyscall, GoState::kNotExist);
  remove_goroutine(*goroutine);
  bind_goroutine(kNoId, nullptr);
  return Step::kDone;
}

Ordering::Step Ordering::go_unblock(const RawEvent& raw) {
  const int64_t id = as_id(raw.args[0]);
  Goroutine* goroutine = find_goroutine(id);
  if (goroutine == nullptr || goroutine->status != GoStatus::kWaiting ||
      !sequence(raw.args[1]).succeeds(goroutine->sequence)) {
    return Step::kNotYet;
  }
  if (!check_ids(raw)) return Step::kBroken;
  goroutine->status = GoStatus::kRunnable;
  goroutine->sequence = sequence(raw.args[1]);
  emit_go(event(raw), *goroutine, GoState::kWaiting, GoState::kRunnable);
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
  context_.goroutine = kNoId;
  emit_go(event({kGoStart, raw.time, {raw.args[0], raw.args[1]}}), *next, GoState::kRunnable,
          GoState::kRunning);
  bind_goroutine(id, next);
  return Step::kDone;
}

Ordering::Step Ordering::go_syscall_begin(const RawEvent& raw) {
  if (!needs(true, true) || !check_ids(raw)) return Step::kBroken;
  Goroutine* goroutine = running_goroutine(raw, GoStatus::kRunning);
  if (goroutine == nullptr) return Step::kBroken;
  Proc* proc = current_proc();
  if (proc == nullptr) return broken(of_proc(raw.type, context_.proc) + ", which is not known");
  if (!sequence(raw.args[0]).succeeds(proc->sequence)) {
    return broken(of_proc(raw.type, context_.proc) + " is out of sequence");
  }
  goroutine->status = GoStatus::kSyscall;
  proc->status = ProcStatus::kSyscall;
  proc->sequence = sequence(raw.args[0]);
  emit_go(event(raw), *goroutine, GoState::kRunning, GoState::kSyscall);
  return Step::kDone;
}

Ordering::Step Ordering::go_syscall_end(const RawEvent& raw) {
  if (!needs(true, true)) return Step::kBroken;
  Goroutine* goroutine = running_goroutine(raw, GoStatus::kSyscall);
  if (goroutine == nullptr) return Step::kBroken;
  Proc* proc = current_proc();
  if (proc == nullptr || proc->status != ProcStatus::kSyscall) {
    return broken(of_proc(raw.type, context_.proc) + ", which is in no system call");
  }
  goroutine->status = GoStatus::kRunning;
  proc->status = ProcStatus::kRunning;
  emit_go(event(raw), *goroutine, GoState::kSyscall, GoState::kRunning);
  return Step::kDone;
}

Ordering::Step Ordering::go_syscall_end_blocked(const RawEvent& raw) {
  // The processor is going to be lost before: stopped or stolen.
  if (context_.proc != kNoId) {
    const Proc* proc = current_proc();
    if (proc == nullptr) return broken(of_proc(raw.type, context_.proc) + ", which is not known");
    if (proc->status == ProcStatus::kSyscall) return Step::kNotYet;
  }
  if (!needs(false, true)) return Step::kBroken;
  Goroutine* goroutine = running_goroutine(raw, GoStatus::kSyscall);
  if (goroutine == nullptr) return Step::kBroken;
  goroutine->status = GoStatus::kRunnable;
  emit_go(event(raw), *goroutine, GoState::kSyscall, GoState::kRunnable);
  bind_goroutine(kNoId, nullptr);
  return Step::kDone;
}

}  // namespace edp::decode::go_trace
