// The last station of an event before the sink.
#pragma once

#include <algorithm>

#include "runner/decode/go_trace/event.h"

namespace edp::decode::go_trace {

// Gives events their final time and hands them to the sink.
class Emitter {
 public:
  // Times are later than `before`.
  explicit Emitter(EventSink& sink, int64_t before = 0) : sink_(sink), last_(before) {}

  void emit(Event& event) {
    event.time = next_time(event.time);
    sink_.on_event(event);
  }
  // No two events have the same time, unless it is beyond all reason: differences must not overflow.
  int64_t next_time(int64_t time) { return last_ = std::min(std::max(time, last_ + 1), kEndOfTime); }
  [[nodiscard]] int64_t last() const { return last_; }
  [[nodiscard]] EventSink& sink() { return sink_; }

  static constexpr int64_t kEndOfTime = INT64_MAX / 4;

 private:
  EventSink& sink_;
  int64_t last_;
};

}  // namespace edp::decode::go_trace
