// Puts the events of a generation's threads in order: the scheduler is played through, and an event is let
// pass when the goroutine or processor that it names is in the state, and at the sequence number, that the
// event needs. Time stamps only say which thread to try first, as clocks of processors differ.
//
// What passes when, and what is an error, is as in Go's src/internal/trace/order.go: that is the meaning of
// the format.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "runner/decode/go_trace/emitter.h"

namespace edp::decode::go_trace {

// An event as a thread's stream has it.
struct RawEvent {
  EventType type = kNoEvent;
  int64_t time = 0;
  std::array<uint64_t, kMaxArgs> args{};
};

class Ordering {
  struct Goroutine;
  struct Proc;

 public:
  explicit Ordering(Emitter& emitter) : emitter_(emitter) {}
  Ordering(const Ordering&) = delete;
  Ordering& operator=(const Ordering&) = delete;

  // Bindings are by id, with the last place found beside it.
  struct Thread {
    int64_t id = kNoId;
    int64_t goroutine = kNoId, proc = kNoId;
    Goroutine* goroutine_at = nullptr;
    Proc* proc_at = nullptr;
    bool seen = false;  // an event of it has been looked at
  };
  Thread* thread(int64_t id);  // kNoId: events of no thread

  // In a generation that is not complete, strings and stacks may be missing.
  void begin_generation(uint64_t number, Tables& tables, bool complete);
  // Forgets everything: the next generation is a first one.
  void reset();

  enum class Step {
    kDone,    // the event has been emitted
    kNotYet,  // events of other threads come first
    kBroken,  // see error()
  };
  Step advance(const RawEvent& raw, Thread* thread);
  [[nodiscard]] const std::string& error() const { return error_; }

  void emit_cpu_sample(int64_t time, int64_t thread, int64_t proc, uint64_t goroutine, uint64_t stack);

 private:
  enum class GoStatus : uint8_t { kBad, kRunnable, kRunning, kSyscall, kWaiting };
  enum class ProcStatus : uint8_t { kBad, kRunning, kIdle, kSyscall, kSyscallAbandoned };

  struct Sequence {
    uint64_t generation = 0, number = 0;
    [[nodiscard]] bool succeeds(const Sequence& before) const {
      return generation == before.generation && number == before.number + 1;
    }
  };
  struct Extra {  // what few goroutines have
    std::vector<std::pair<uint64_t, std::string>> regions;
    std::vector<std::string> stopping_world;  // why
  };
  struct Goroutine {
    int64_t id = kNoId;
    Sequence sequence;
    GoStatus status = GoStatus::kBad;
    bool assists = false;
    uint32_t tag = kNone;
    std::unique_ptr<Extra> extra;
  };
  struct Proc {
    int64_t id = kNoId;
    Sequence sequence;
    ProcStatus status = ProcStatus::kBad;
    bool sweeps = false;
    uint32_t tag = kNone;
  };
  enum class GcState : uint8_t { kUndetermined, kNotRunning, kRunning };
  struct Task {
    uint64_t parent = model::kNoTask;
    std::string name;
  };

  [[nodiscard]] Sequence sequence(uint64_t number) const { return {generation_, number}; }
  [[nodiscard]] bool is_first() const { return generation_ == first_generation_; }
  Goroutine* find_goroutine(int64_t id);
  Proc* find_proc(int64_t id);
  Goroutine& add_goroutine(int64_t id, GoStatus status);
  void remove_goroutine(Goroutine& goroutine);
  Goroutine* current_goroutine();
  Proc* current_proc();
  Extra& extra(Goroutine& goroutine);

  Step broken(std::string what) {
    error_ = std::move(what);
    return Step::kBroken;
  }
  // Whether the event's thread has these; else error() is set.
  bool needs(bool proc, bool goroutine) {
    if (thread_->id == kNoId) return lacks("thread");
    if (proc && thread_->proc == kNoId) return lacks("processor");
    return !goroutine || thread_->goroutine != kNoId || lacks("goroutine");
  }
  // The index of what an event refers to; false where it is not there.
  bool find_stack(uint64_t id, uint32_t& index) {
    index = tables_->stack_index(id);
    return index != kNone || id == 0 || !complete_ || lacks("stack", id);
  }
  bool find_text(uint64_t id, uint32_t& index) {
    index = tables_->text_index(id);
    return index != kNone || id == 0 || !complete_ || lacks("string", id);
  }
  bool lacks(const char* what, uint64_t id);
  bool lacks(const char* what);
  Goroutine* running_goroutine(const RawEvent& raw, GoStatus status);
  void bind(Proc* proc);  // nullptr: none
  void bind(Goroutine* goroutine);
  // The event to be handed on, where it happened; valid until the next call, and as long as `raw`.
  Event& event(const RawEvent& raw);
  Step go_is_not(const RawEvent& raw, const Goroutine* goroutine, GoStatus status);
  // What is no change of state.
  void emit(const RawEvent& raw, uint32_t stack = kNone, Goroutine* subject = nullptr, uint32_t text = kNone);
  Goroutine* bound_goroutine();
  void emit_go(Event& event, Goroutine& subject, model::GoState from, model::GoState to);
  void emit_proc(Event& event, Proc& subject, model::ProcState from, model::ProcState to);

  Step advance_rare(const RawEvent& raw);
  Step annotation(const RawEvent& raw);
  Step proc_status(const RawEvent& raw);
  Step proc_start(const RawEvent& raw);
  Step proc_stop(const RawEvent& raw);
  Step proc_steal(const RawEvent& raw);
  Step go_status(const RawEvent& raw);
  Step go_create(const RawEvent& raw);
  Step go_create_syscall(const RawEvent& raw);
  Step go_start(const RawEvent& raw);
  Step go_stop(const RawEvent& raw);
  Step go_destroy_syscall(const RawEvent& raw);
  Step go_unblock(const RawEvent& raw);
  Step go_switch(const RawEvent& raw);
  Step go_syscall_begin(const RawEvent& raw);
  Step go_syscall_end(const RawEvent& raw);
  Step go_syscall_end_blocked(const RawEvent& raw);
  Step gc_active(const RawEvent& raw);
  Step gc_begin(const RawEvent& raw);
  Step gc_end(const RawEvent& raw);
  Step sweep(const RawEvent& raw);
  Step assist(const RawEvent& raw);
  Step stop_the_world(const RawEvent& raw);
  Step task(const RawEvent& raw);
  Step region(const RawEvent& raw);

  Emitter& emitter_;
  Tables* tables_ = nullptr;
  bool complete_ = true;
  uint64_t generation_ = 0, first_generation_ = 0;
  std::deque<Goroutine> goroutine_pool_;
  std::vector<Goroutine*> free_goroutines_;
  std::deque<Proc> proc_pool_;
  std::deque<Thread> thread_pool_;
  IdMap<Goroutine*> goroutines_;
  IdMap<Proc*> procs_;
  IdMap<Thread*> threads_;
  IdMap<Task> tasks_;
  uint64_t gc_sequence_ = 0;
  GcState gc_state_ = GcState::kUndetermined;
  std::string error_;

  // Of the event being advanced.
  Thread no_thread_;  // stands for none
  Thread* thread_ = &no_thread_;
  Event event_;
};

}  // namespace edp::decode::go_trace
