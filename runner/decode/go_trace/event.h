// What the readers of all formats hand on: events in the order in which they happened, in the terms of the
// generation format. The way to use a trace without keeping it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "runner/decode/go_trace/tables.h"
#include "runner/decode/go_trace/wire.h"
#include "runner/model/timeline.h"

namespace edp::decode::go_trace {

inline constexpr int64_t kNoId = -1;  // no goroutine, processor or thread
inline constexpr std::array<uint64_t, kMaxArgs> kNoArgs{};

struct Event {
  EventType type = kNoEvent;
  int64_t time = 0;  // nanoseconds on the trace's clock; no two events have the same
  // kMaxArgs, as in the file, less the time. kUserTaskEnd: [1] is the parent. kStwEnd: none. They stand
  // elsewhere, as copying them takes longer than most of what sinks do with an event.
  const uint64_t* args = kNoArgs.data();
  int64_t thread = kNoId, proc = kNoId, goroutine = kNoId;  // where it happened, as before the event
  uint32_t stack = kNone;                                   // of `goroutine`; index into the tables
  uint32_t new_stack = kNone;                               // kGoCreate: where the new one begins
  uint32_t text = kNone;                                    // reason, kind, label, type, category
  uint32_t text2 = kNone;                                   // kUserLog: the message

  // Changes of state: of goroutine `subject`, or of processor `subject`.
  uint64_t subject = 0;
  model::GoState go_from = model::GoState::kUndetermined, go_to = model::GoState::kUndetermined;
  model::ProcState proc_from = model::ProcState::kUndetermined, proc_to = model::ProcState::kUndetermined;

  // For the sink's own use: a number kept with each goroutine (`goroutine` and `subject`) as long as it
  // lives, kNone at first; nullptr where there is no goroutine.
  uint32_t* goroutine_tag = nullptr;
  uint32_t* subject_tag = nullptr;
  uint32_t* proc_tag = nullptr;  // of `subject`
};

struct TraceStart {
  int go_minor = 0;
  uint64_t offset = 0;  // of the header, where traces are concatenated
};

struct GenerationStart {
  uint64_t number = 0;
  uint64_t offset = 0;
  int64_t time = 0;
  const Tables* tables = nullptr;  // of the events until the next generation
  bool has_clock = false;
  model::ClockSnapshot clock;  // `time` on the trace's clock
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_trace(const TraceStart& /*start*/) {}
  // Counts as an event of kind Sync, as one more does at the end of a trace.
  virtual void on_generation(const GenerationStart& generation) = 0;
  virtual void on_event(const Event& event) = 0;
  // A part could not be read. `what` names generation and offset.
  virtual void on_problem(std::string what) = 0;
  // What is known of goroutines and processors is void: those that live on are told again, as new ones.
  virtual void on_gap(int64_t time) = 0;
  virtual void on_trace_end(int64_t time, uint64_t bytes) = 0;
};

// The kind that golang.org/x/exp/trace gives an event.
inline constexpr std::array<model::EventKind, 256> make_kinds() {
  std::array<model::EventKind, 256> kinds{};
  for (model::EventKind& kind : kinds) kind = model::EventKind::kStateTransition;
  kinds[kCpuSample] = model::EventKind::kStackSample;
  for (const EventType type : {kProcsChange, kHeapAlloc, kHeapGoal}) kinds[type] = model::EventKind::kMetric;
  for (const EventType type : {kStwBegin, kGcBegin, kGcSweepBegin, kGcMarkAssistBegin}) {
    kinds[type] = model::EventKind::kRangeBegin;
  }
  for (const EventType type : {kGcActive, kGcSweepActive, kGcMarkAssistActive}) {
    kinds[type] = model::EventKind::kRangeActive;
  }
  for (const EventType type : {kStwEnd, kGcEnd, kGcSweepEnd, kGcMarkAssistEnd}) {
    kinds[type] = model::EventKind::kRangeEnd;
  }
  kinds[kGoLabel] = model::EventKind::kLabel;
  kinds[kUserTaskBegin] = model::EventKind::kTaskBegin;
  kinds[kUserTaskEnd] = model::EventKind::kTaskEnd;
  kinds[kUserRegionBegin] = model::EventKind::kRegionBegin;
  kinds[kUserRegionEnd] = model::EventKind::kRegionEnd;
  kinds[kUserLog] = model::EventKind::kLog;
  for (size_t type = kSpan; type < kEventTypeEnd; ++type) kinds[type] = model::EventKind::kExperimental;
  return kinds;
}
inline constexpr std::array<model::EventKind, 256> kKinds = make_kinds();
inline model::EventKind kind_of(EventType type) { return kKinds[type]; }

}  // namespace edp::decode::go_trace
