#include "runner/report/perfetto/perfetto.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

namespace edp::report {
namespace {

using model::GoCause;
using model::GoSlice;
using model::GoState;
using model::kNone;
using model::RangeKind;
using model::Series;
using model::TraceRange;
using perfetto::Writer;
namespace event = perfetto::event;

// Numbers of tracks. Those of processors, goroutines, functions and ranges follow in that order: small
// numbers are short, and each event names its track.
constexpr uint64_t kProcess = 1, kProcessors = 2, kCollector = 3, kTasks = 4, kCounters = 5, kFirst = 8;

class Export {
 public:
  Export(const model::Timeline& timeline, perfetto::Sink sink)
      : timeline_(timeline),
        writer_(timeline, std::move(sink)),
        first_goroutine_(kFirst + timeline.procs.size()),
        next_track_(first_goroutine_ + timeline.goroutines.size()) {}

  bool run(std::string_view process) {
    tracks(process);
    if (const auto wall = timeline_.wall_ns(0)) writer_.clock(*wall);
    for (uint32_t i = 0; i < timeline_.goroutines.size(); ++i) goroutine(i);
    ranges();
    counters();
    samples();
    return writer_.finish();
  }

 private:
  static uint64_t proc_track(uint32_t proc) { return kFirst + proc; }
  [[nodiscard]] uint64_t goroutine_track(uint32_t goroutine) const { return first_goroutine_ + goroutine; }

  void tracks(std::string_view process) {
    writer_.track({.uuid = kProcess, .name = process, .process = true, .ordered = true});
    writer_.track({.uuid = kCollector, .parent = kProcess, .name = "Garbage collector", .rank = 1});
    writer_.track({.uuid = kCounters,
                   .parent = kProcess,
                   .name = "Heap live",
                   .rank = 2,
                   .unit = perfetto::track::kUnitBytes});
    writer_.track({.uuid = kCounters + 1,
                   .parent = kProcess,
                   .name = "Heap goal",
                   .rank = 3,
                   .unit = perfetto::track::kUnitBytes});
    writer_.track({.uuid = kCounters + 2,
                   .parent = kProcess,
                   .name = "GOMAXPROCS",
                   .rank = 4,
                   .unit = perfetto::track::kUnitCount});
    writer_.track(
        {.uuid = kProcessors, .parent = kProcess, .name = "Processors", .rank = 8, .ordered = true});
    writer_.track({.uuid = kTasks, .parent = kProcess, .name = "User tasks", .rank = 9});
    for (uint32_t i = 0; i < timeline_.procs.size(); ++i) {
      writer_.track({.uuid = proc_track(i),
                     .parent = kProcessors,
                     .name = "P " + std::to_string(timeline_.procs[i].id),
                     .rank = static_cast<int32_t>(i + 1)});
    }
    std::unordered_map<uint32_t, uint64_t> groups;
    for (uint32_t i = 0; i < timeline_.goroutines.size(); ++i) {
      const model::TraceGoroutine& each = timeline_.goroutines[i];
      const auto [group, added] = groups.try_emplace(each.function, next_track_);
      if (added) {
        ++next_track_;
        const std::string_view name = timeline_.text(each.function);
        writer_.track({.uuid = group->second,
                       .parent = kProcess,
                       .name = name.empty() ? "(unknown function)" : name,
                       .rank = static_cast<int32_t>(groups.size() + 10)});
      }
      writer_.track(
          {.uuid = goroutine_track(i), .parent = group->second, .name = "G " + std::to_string(each.id)});
    }
  }

  void goroutine(uint32_t goroutine) {
    const uint64_t track = goroutine_track(goroutine);
    const uint64_t id = timeline_.goroutines[goroutine].id;
    const std::string running = "G " + std::to_string(id) + " " +
                                std::string(timeline_.text(timeline_.goroutines[goroutine].function));
    for (const GoSlice& slice : timeline_.slices(goroutine)) {
      if (slice.state == GoState::kNotExist || slice.state == GoState::kUndetermined) continue;
      // The flow begins in the same instant as it ends: it has to come first.
      const uint64_t flow = slice.by == kNone ? 0 : ++flows_;
      if (flow != 0) {
        writer_.event({.time = slice.begin,
                       .type = event::kInstant,
                       .track = goroutine_track(slice.by),
                       .category = "flow",
                       .name = slice.cause == GoCause::kCreate ? "start" : "let go",
                       .stack = slice.by_stack,
                       .flow = flow,
                       .goroutine = id});
      }
      const bool waiting = slice.state == GoState::kWaiting && slice.reason != kNone;
      writer_.event({.time = slice.begin,
                     .type = event::kSliceBegin,
                     .track = track,
                     .category = to_string(slice.state),
                     .name = waiting ? timeline_.text(slice.reason) : to_string(slice.state),
                     .stack = slice.stack,
                     .end_of_flow = flow,
                     .by_stack = flow == 0 ? slice.by_stack : kNone});
      writer_.event({.time = slice.end, .type = event::kSliceEnd, .track = track});
      if (slice.state != GoState::kRunning || slice.proc == kNone) continue;
      writer_.event({.time = slice.begin,
                     .type = event::kSliceBegin,
                     .track = proc_track(slice.proc),
                     .category = "running",
                     .name = running,
                     .goroutine = id});
      writer_.event({.time = slice.end, .type = event::kSliceEnd, .track = proc_track(slice.proc)});
    }
  }

  // Ranges of one owner may overlap, slices of one track may not: each goes where there is room.
  uint64_t room(uint64_t parent, RangeKind kind, int64_t begin, int64_t end) {
    const uint64_t key = parent * model::kRangeKinds + static_cast<uint64_t>(kind);
    std::vector<Room>& rooms = rooms_[key];
    const auto found = std::ranges::find_if(rooms, [&](const Room& each) { return each.until <= begin; });
    if (found != rooms.end()) {
      found->until = end;
      return found->track;
    }
    rooms.push_back({next_track_++, end});
    writer_.track({.uuid = rooms.back().track, .parent = parent, .name = to_string(kind)});
    return rooms.back().track;
  }

  void ranges() {
    for (size_t i = 0; i < model::kRangeKinds; ++i) {
      for (const TraceRange& range : timeline_.ranges(static_cast<RangeKind>(i))) this->range(range);
    }
  }
  void range(const TraceRange& range) {
    uint64_t parent = kCollector;
    if (range.kind == RangeKind::kTask) parent = kTasks;
    const bool own = range.kind == RangeKind::kMarkAssist || range.kind == RangeKind::kRegion ||
                     range.kind == RangeKind::kLog || range.kind == RangeKind::kLabel;
    if (own && range.goroutine != kNone) parent = goroutine_track(range.goroutine);
    if (range.kind == RangeKind::kSweep && range.proc != kNone) parent = proc_track(range.proc);
    const std::string_view text = timeline_.text(range.text);
    const std::string_view name = text.empty() ? to_string(range.kind) : text;
    if (range.begin == range.end) {
      const bool log = range.kind == RangeKind::kLog;
      writer_.event({.time = range.begin,
                     .type = event::kInstant,
                     .track = parent,
                     .category = to_string(range.kind),
                     .name = name,
                     .stack = range.stack,
                     .at = log ? timeline_.text(static_cast<uint32_t>(range.b)) : ""});
      return;
    }
    const uint64_t track = room(parent, range.kind, range.begin, range.end);
    writer_.event({.time = range.begin,
                   .type = event::kSliceBegin,
                   .track = track,
                   .category = to_string(range.kind),
                   .name = name,
                   .stack = range.stack});
    writer_.event({.time = range.end, .type = event::kSliceEnd, .track = track});
  }

  void counters() {
    uint64_t track = kCounters;
    for (const Series* series : {&timeline_.heap_live, &timeline_.heap_goal, &timeline_.gomaxprocs}) {
      for (const Series::Point& point : timeline_.points(*series)) {
        writer_.event({.time = point.time, .type = event::kCounter, .track = track, .value = point.value});
      }
      ++track;
    }
  }

  void samples() {
    for (const model::CpuSample& sample : timeline_.cpu_samples) {
      if (sample.goroutine == kNone) continue;
      writer_.event({.time = sample.time,
                     .type = event::kInstant,
                     .track = goroutine_track(sample.goroutine),
                     .category = "cpu_sample",
                     .name = "CPU sample",
                     .stack = sample.stack});
    }
  }

  struct Room {
    uint64_t track;
    int64_t until;
  };
  const model::Timeline& timeline_;
  Writer writer_;
  uint64_t first_goroutine_, next_track_, flows_ = 0;
  std::unordered_map<uint64_t, std::vector<Room>> rooms_;  // by parent and kind
};

}  // namespace

bool write_perfetto(const model::Timeline& timeline, std::string_view process, perfetto::Sink sink) {
  return Export(timeline, std::move(sink)).run(process);
}

}  // namespace edp::report
