// Makes a Timeline of the events of a trace.
#pragma once

#include <vector>

#include "runner/decode/decoder.h"
#include "runner/decode/go_trace/event.h"
#include "runner/model/timeline_builder.h"

namespace edp::decode::go_trace {

class TimelineSink : public EventSink {
 public:
  explicit TimelineSink(const Limits& limits) : limits_(limits) {}

  void on_trace(const TraceStart& start) override;
  void on_generation(const GenerationStart& generation) override;
  void on_event(const Event& event) override;
  void on_problem(std::string what) override;
  void on_gap(int64_t time) override;
  void on_trace_end(int64_t time, uint64_t bytes) override;

  // One for each trace that the input held; nothing is left here.
  std::vector<model::Timeline> take() { return std::move(finished_); }

 private:
  int64_t since_start(int64_t time) const { return time - start_; }
  uint32_t text(uint32_t index);
  uint32_t frame(uint32_t index);
  uint32_t stack(uint32_t index);
  uint32_t goroutine(uint32_t* tag, uint64_t id);
  uint32_t current(const Event& event);
  uint32_t proc(int64_t id);
  uint32_t thread(int64_t id);

  void go(const Event& event);
  void proc_changed(const Event& event);
  // What lasts is kept by what it belongs to (goroutine, processor, task) until it ends; it may be nested.
  void open(const Event& event, model::RangeKind kind, uint64_t key, bool begun_before = false);
  void close(const Event& event, model::RangeKind kind, uint64_t key);
  void close_of_goroutine(uint32_t goroutine, int64_t time);
  void moment(const Event& event, model::RangeKind kind);
  void close_all(int64_t time);
  bool is_over_limit();

  Limits limits_;
  model::TimelineBuilder builder_;
  std::vector<model::Timeline> finished_;
  bool under_way_ = false, full_ = false, timeline_has_generations_ = true;
  int64_t start_ = 0;
  int64_t now_ = 0;
  uint64_t events_since_check_ = 0;

  const Tables* tables_ = nullptr;
  std::vector<uint32_t> texts_, frames_, stacks_;  // of the tables' indices
  IdIndex procs_;
  IdMap<uint32_t> returning_;  // goroutines that may come again under their id
  std::array<IdMap<std::vector<model::TraceRange>>, model::kRangeKinds> open_;
};

}  // namespace edp::decode::go_trace
