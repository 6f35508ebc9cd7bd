// The rules for goroutines.
#include "runner/decode/go_trace/ordering_inline.h"

namespace edp::decode::go_trace {

using model::GoState;
using model::ProcState;

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
