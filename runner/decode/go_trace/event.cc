#include "runner/decode/go_trace/event.h"

namespace edp::decode::go_trace {
namespace {

using model::EventKind;

constexpr std::array<EventKind, 256> make_kinds() {
  std::array<EventKind, 256> kinds{};
  for (EventKind& kind : kinds) kind = EventKind::kStateTransition;
  kinds[kCpuSample] = EventKind::kStackSample;
  for (const EventType type : {kProcsChange, kHeapAlloc, kHeapGoal}) kinds[type] = EventKind::kMetric;
  for (const EventType type : {kStwBegin, kGcBegin, kGcSweepBegin, kGcMarkAssistBegin}) {
    kinds[type] = EventKind::kRangeBegin;
  }
  for (const EventType type : {kGcActive, kGcSweepActive, kGcMarkAssistActive}) {
    kinds[type] = EventKind::kRangeActive;
  }
  for (const EventType type : {kStwEnd, kGcEnd, kGcSweepEnd, kGcMarkAssistEnd}) {
    kinds[type] = EventKind::kRangeEnd;
  }
  kinds[kGoLabel] = EventKind::kLabel;
  kinds[kUserTaskBegin] = EventKind::kTaskBegin;
  kinds[kUserTaskEnd] = EventKind::kTaskEnd;
  kinds[kUserRegionBegin] = EventKind::kRegionBegin;
  kinds[kUserRegionEnd] = EventKind::kRegionEnd;
  kinds[kUserLog] = EventKind::kLog;
  for (size_t type = kSpan; type < kEventTypeEnd; ++type) kinds[type] = EventKind::kExperimental;
  return kinds;
}

constexpr std::array<EventKind, 256> kKinds = make_kinds();

}  // namespace

EventKind kind_of(EventType type) { return kKinds[type]; }

}  // namespace edp::decode::go_trace
