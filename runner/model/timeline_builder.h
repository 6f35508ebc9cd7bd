// Writes a Timeline, event by event in order of time. The decoder of a trace does, and tests that need a
// trace which no program wrote.
#pragma once

#include <memory>
#include <string_view>

#include "runner/model/timeline.h"

namespace edp::model {

class TimelineBuilder {
 public:
  TimelineBuilder();
  ~TimelineBuilder();
  TimelineBuilder(TimelineBuilder&&) noexcept;
  TimelineBuilder& operator=(TimelineBuilder&&) noexcept;

  // What is no stream is written here directly.
  [[nodiscard]] Timeline& timeline();

  // -- tables; the same content gives the same index
  uint32_t text(std::string_view text);
  uint32_t frame(const TraceFrame& frame);
  uint32_t stack(std::span<const uint32_t> frames);  // leaf first; none gives kNone
  uint32_t thread(uint64_t id);

  // -- who. Each call adds one: an id is given once, unless a goroutine of a thread of C comes again.
  uint32_t add_goroutine(uint64_t id);
  uint32_t add_proc(uint64_t id);

  // -- what happened; times never go back
  struct Transition {
    int64_t time = 0;
    GoState state = GoState::kUndetermined;
    GoCause cause = GoCause::kStatus;
    uint32_t reason = kNone, stack = kNone, by = kNone, by_stack = kNone, proc = kNone;
  };
  void go(uint32_t goroutine, const Transition& transition);
  void proc(uint32_t proc, int64_t time, ProcState state, uint32_t thread = kNone);
  void range(const TraceRange& range);  // when it has ended
  void point(Series& series, int64_t time, uint64_t value);

  // What passes this may be lost: streams have room for 4 GiB.
  static constexpr uint64_t kMaxMemory = uint64_t{3} << 30;
  // Those that have not ended.
  [[nodiscard]] std::vector<uint32_t> live_goroutines() const;
  [[nodiscard]] uint64_t memory() const;

  // Ends the timeline at `end`.
  Timeline finish(int64_t end);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace edp::model
