// The rules for processors, and for what only notes something.
#include "runner/decode/go_trace/ordering_inline.h"

namespace edp::decode::go_trace {

using model::GoState;
using model::ProcState;

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

}  // namespace edp::decode::go_trace
