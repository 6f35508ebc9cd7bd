// The third pass: events in order become those of the generation format, as golang.org/x/exp/trace converts
// them.
#pragma once

#include <deque>

#include "runner/decode/go_trace/emitter.h"
#include "runner/decode/go_trace/one_stream_order.h"
#include "runner/decode/go_trace/pages.h"

namespace edp::decode::go_trace::v1 {

class Converter {
 public:
  Converter(Index& index, const Order& order, int go_minor, EventSink& sink);

  // False where events contradict each other; error() then says how.
  bool run(Releaser& releaser);
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] int64_t last_time() const { return emitter_.last(); }
  int64_t end() { return emitter_.next_time(emitter_.last()); }  // of the trace, behind all events

 private:
  enum class Status : uint8_t { kNew, kRunnable, kRunning, kWaiting };
  struct Goroutine {
    uint64_t id = 0;
    Status status = Status::kNew;
    bool on_network = false;  // waits for it
    bool assists = false;
    bool is_untold = false;  // existed as the trace began; its state has not been told
    uint32_t tag = kNone;
  };
  struct Proc {
    int64_t thread = kNoId;
    uint64_t goroutine = 0;
    Goroutine* goroutine_at = nullptr;  // may have gone since
    uint32_t tag = kNone;
    bool running = false, sweeps = false, is_told = false;
  };
  struct Task {
    uint64_t parent = 0;
    uint32_t name = kNone;
  };
  using Region = std::pair<uint64_t, uint64_t>;  // task, name

  bool broken(const std::string& what, const Event& event);
  int64_t time_of(int64_t ticks) const;
  bool convert(const Event& event, Proc* proc, int64_t proc_id, bool syscall_blocks);
  bool convert_rare(const Event& event, Proc* proc, int64_t proc_id, bool syscall_blocks);
  // Finds the event's goroutine, and whether it runs on the event's processor.
  bool check_running(const Event& event, const Proc* proc, bool or_none = false);
  Goroutine* find(uint64_t id);
  Goroutine& goroutine(uint64_t id);  // made where it is not known
  void forget(Goroutine& goroutine);
  void run_on(Proc& proc, Goroutine* goroutine);

  // The event to be handed on; valid until the next call.
  go_trace::Event& make_here(EventType type, const Event& event, const Proc* proc, int64_t proc_id);
  go_trace::Event& make(EventType type, const Event& event, const Proc* proc, int64_t proc_id);
  void set_args(go_trace::Event& event, uint64_t first, uint64_t second = 0) {
    args_ = {first, second};
    event.args = args_.data();
  }
  void emit_go(go_trace::Event& event, Goroutine& subject, model::GoState from, model::GoState to);
  void emit_status(const Event& event, const Proc* proc, int64_t proc_id, model::GoState state);
  void emit_cpu_sample(const CpuSample& sample);
  void tell_untold(int64_t time);
  bool unblock(const Event& event, Proc* proc, int64_t proc_id);
  bool block(const Event& event, Proc* proc, int64_t proc_id);
  bool task_or_region(const Event& event, const Proc* proc, int64_t proc_id);
  bool collector(const Event& event, Proc* proc, int64_t proc_id);
  bool start_goroutine(const Event& event, Proc* proc, int64_t proc_id);

  Index& index_;
  const Order& order_;
  int go_minor_;
  Emitter emitter_;
  double ns_per_tick_ = 1;
  int64_t first_ticks_ = 0;
  bool starting_ = true;  // the goroutines that exist are being told
  std::vector<Proc> procs_;
  IdMap<Goroutine*> goroutines_;
  std::deque<Goroutine> pool_;
  std::vector<Goroutine*> free_;
  Goroutine* current_ = nullptr;  // of the event
  go_trace::Event event_;
  std::array<uint64_t, kMaxArgs> args_{};  // of event_, where it has any
  std::vector<uint64_t> untold_;
  IdMap<Task> tasks_;
  IdMap<std::vector<Region>> regions_;
  bool collecting_ = false, world_stopped_ = false;
  uint32_t stop_reason_ = kNone;
  std::array<uint32_t, kTypeEnd> block_reasons_{};
  std::vector<uint32_t> stop_reasons_;
  std::string error_;
};

}  // namespace edp::decode::go_trace::v1
