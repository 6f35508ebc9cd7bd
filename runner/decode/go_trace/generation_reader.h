// Reads the generation formats (Go 1.22 and later): collects a generation, puts its events in order, hands
// them on, and forgets it. Memory is bounded by the largest generation.
#pragma once

#include "runner/decode/go_trace/generation.h"
#include "runner/decode/go_trace/ordering.h"

namespace edp::decode::go_trace {

class GenerationReader {
 public:
  GenerationReader(int go_minor, EventSink& sink)
      : go_minor_(go_minor), emitter_(sink), ordering_(emitter_), generation_(go_minor) {}

  // Takes whole batches from the front of `bytes`, which begin at `offset` in the trace; gives how many bytes
  // those were, and releases them. Bytes that are no batch are an obstacle: is_stopped() then. `last`: no
  // more will come.
  size_t take(std::string_view bytes, uint64_t offset, bool last, Releaser& releaser);
  [[nodiscard]] bool is_stopped() const { return stopped_; }
  // Unless the obstacle is another trace's header, it is told.
  void tell_obstacle();
  // Past an obstacle: gives how many bytes to leave out, up to a batch of a later generation (then it is no
  // longer stopped) or to where more bytes are needed.
  size_t resync(std::string_view bytes, bool last);
  // The trace ends at `offset`, with `left` bytes before it that are no whole batch.
  void finish(size_t left, uint64_t offset);

 private:
  void stop(const std::string& what, uint64_t offset);
  void end_generation(bool at_end);
  // False where not all events could be put in order; `why` says what hindered.
  bool order_events(std::string& why);
  void problem(const std::string& what);

  int go_minor_;
  Emitter emitter_;
  Ordering ordering_;
  Generation generation_;
  Clock last_clock_;
  uint64_t last_number_ = 0;  // of the last generation begun
  int64_t first_time_ = 0;    // of the trace
  bool stopped_ = false;
  std::string obstacle_;  // that has not been told
};

}  // namespace edp::decode::go_trace
