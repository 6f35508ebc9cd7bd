#include "runner/decode/go_trace/timeline_sink.h"

#include <algorithm>

namespace edp::decode::go_trace {

using model::GoCause;
using model::GoState;
using model::ProcState;
using model::RangeKind;
using model::TraceRange;

namespace {

constexpr uint32_t kUnknown = kNone - 1;  // an index that has not been asked for yet
constexpr uint64_t kCheckEvery = 1 << 16;

GoCause cause_of(EventType type) {
  switch (type) {
    case kGoCreate:
    case kGoCreateBlocked:
      return GoCause::kCreate;
    case kGoCreateSyscall:
      return GoCause::kCreateSyscall;
    case kGoStart:
      return GoCause::kStart;
    case kGoDestroy:
      return GoCause::kDestroy;
    case kGoDestroySyscall:
      return GoCause::kDestroySyscall;
    case kGoStop:
      return GoCause::kStop;
    case kGoBlock:
      return GoCause::kBlock;
    case kGoUnblock:
    case kGoSwitch:
    case kGoSwitchDestroy:
      return GoCause::kUnblock;
    case kGoSyscallBegin:
      return GoCause::kSyscallBegin;
    case kGoSyscallEnd:
      return GoCause::kSyscallEnd;
    case kGoSyscallEndBlocked:
      return GoCause::kSyscallEndBlock;
    default:
      return GoCause::kStatus;
  }
}

}  // namespace

void TimelineSink::on_trace(const TraceStart& start) {
  builder_ = {};
  builder_.timeline().go_minor = start.go_minor;
  timeline_has_generations_ = start.go_minor >= 22;
  if (start.offset != 0) {
    builder_.timeline().problems.push_back("another trace begins at byte " + std::to_string(start.offset));
  }
  under_way_ = true;
  full_ = false;
  start_ = now_ = 0;
  events_since_check_ = 0;
  tables_ = nullptr;
  procs_ = {};
  returning_.clear();
  for (auto& open : open_) open.clear();
}

void TimelineSink::on_generation(const GenerationStart& generation) {
  model::Timeline& timeline = builder_.timeline();
  if (timeline.generations.empty()) timeline.start_ns = start_ = generation.time;
  now_ = since_start(generation.time);
  ++timeline.events[static_cast<size_t>(model::EventKind::kSync)];
  if (!timeline.generations.empty()) timeline.generations.back().end = now_;
  timeline.generations.push_back(
      {.number = generation.number, .offset = generation.offset, .begin = now_, .end = now_});
  if (generation.has_clock) {
    model::ClockSnapshot clock = generation.clock;
    clock.time = static_cast<int64_t>(static_cast<uint64_t>(clock.time) - static_cast<uint64_t>(start_));
    timeline.clocks.push_back(clock);
  }
  tables_ = generation.tables;
  texts_.clear();
  frames_.clear();
  stacks_.clear();
}

void TimelineSink::on_problem(std::string what) {
  if (!under_way_) {  // between two traces, or behind the last one
    if (!finished_.empty()) finished_.back().problems.push_back(std::move(what));
    return;
  }
  model::Timeline& timeline = builder_.timeline();
  if (!timeline.generations.empty()) timeline.generations.back().broken = true;
  timeline.problems.push_back(std::move(what));
}

void TimelineSink::on_gap(int64_t time) {
  if (full_) return;
  close_all(since_start(time));
  for (const uint32_t goroutine : builder_.live_goroutines()) {
    builder_.go(goroutine, {.time = since_start(time), .cause = GoCause::kLost});
    const uint64_t id = builder_.timeline().goroutines[goroutine].id;
    if (returning_.find(id) == nullptr) returning_.add(id, goroutine);
  }
  for (uint32_t i = 0; i < builder_.timeline().procs.size(); ++i) {
    builder_.proc(i, since_start(time), ProcState::kUndetermined);
  }
}

void TimelineSink::on_trace_end(int64_t time, uint64_t bytes) {
  now_ = since_start(time);
  model::Timeline& timeline = builder_.timeline();
  timeline.bytes = bytes;
  ++timeline.events[static_cast<size_t>(model::EventKind::kSync)];
  if (!timeline.generations.empty()) timeline.generations.back().end = now_;
  close_all(now_);
  finished_.push_back(builder_.finish(now_));
  under_way_ = false;
}

// -- indices of this generation's tables to those of the timeline

uint32_t TimelineSink::text(uint32_t index) {
  if (index == kNone) return kNone;
  if (index >= texts_.size()) texts_.resize(tables_->text_count(), kUnknown);
  if (texts_[index] == kUnknown) texts_[index] = builder_.text(tables_->text(index));
  return texts_[index];
}

uint32_t TimelineSink::frame(uint32_t index) {
  if (index >= frames_.size()) frames_.resize(tables_->frame_count(), kUnknown);
  if (frames_[index] != kUnknown) return frames_[index];
  const Frame& frame = tables_->frame(index);
  return frames_[index] = builder_.frame({.pc = frame.pc,
                                          .function = text(tables_->text_index(frame.function_id)),
                                          .file = text(tables_->text_index(frame.file_id)),
                                          .line = static_cast<uint32_t>(frame.line)});
}

uint32_t TimelineSink::stack(uint32_t index) {
  if (index == kNone) return kNone;
  if (index >= stacks_.size()) stacks_.resize(tables_->stack_count(), kUnknown);
  if (stacks_[index] != kUnknown) return stacks_[index];
  std::vector<uint32_t> frames;
  for (const uint32_t i : tables_->stack(index)) frames.push_back(frame(i));
  return stacks_[index] = builder_.stack(frames);
}

// -- who

uint32_t TimelineSink::goroutine(uint32_t* tag, uint64_t id) {
  if (*tag != kNone) return *tag;
  if (returning_.size() != 0) {
    if (const uint32_t* known = returning_.find(id)) return *tag = *known;
  }
  return *tag = builder_.add_goroutine(id);
}

uint32_t TimelineSink::current(const Event& event) {
  if (event.goroutine_tag == nullptr) return kNone;
  return goroutine(event.goroutine_tag, static_cast<uint64_t>(event.goroutine));
}

uint32_t TimelineSink::proc(int64_t id) {
  if (id == kNoId) return kNone;
  uint32_t index = procs_.find(static_cast<uint64_t>(id));
  if (index == kNone) {
    index = builder_.add_proc(static_cast<uint64_t>(id));
    procs_.add(static_cast<uint64_t>(id), index);
  }
  return index;
}

uint32_t TimelineSink::thread(int64_t id) {
  return id == kNoId ? kNone : builder_.thread(static_cast<uint64_t>(id));
}

// -- what happened

bool TimelineSink::is_over_limit() {
  if (full_ || ++events_since_check_ < kCheckEvery) return full_;
  events_since_check_ = 0;
  const uint64_t limit = std::min(limits_.max_model_bytes, model::TimelineBuilder::kMaxMemory);
  if (builder_.memory() <= limit) return false;
  full_ = true;
  builder_.timeline().problems.push_back("the timeline passes the limit of " + std::to_string(limit) +
                                         " bytes: what follows is counted only");
  close_all(now_);
  return true;
}

void TimelineSink::on_event(const Event& event) {
  now_ = since_start(event.time);
  model::Timeline& timeline = builder_.timeline();
  ++timeline.events[static_cast<size_t>(kind_of(event.type))];
  if (!timeline.generations.empty()) ++timeline.generations.back().events;
  if (is_over_limit()) return;
  switch (event.type) {
    case kProcStart:
    case kProcStop:
    case kProcSteal:
    case kProcStatus:
      return proc_changed(event);
    case kGcBegin:
      return open(event, RangeKind::kGcMark, 0);
    case kGcActive:
      return open(event, RangeKind::kGcMark, 0, true);
    case kGcEnd:
      return close(event, RangeKind::kGcMark, 0);
    case kStwBegin:
      return open(event, RangeKind::kStopTheWorld, current(event));
    case kStwEnd:
      return close(event, RangeKind::kStopTheWorld, current(event));
    case kGcSweepBegin:
      return open(event, RangeKind::kSweep, proc(event.proc));
    case kGcSweepActive:
      return open(event, RangeKind::kSweep, proc(static_cast<int64_t>(event.args[0])), true);
    case kGcSweepEnd:
      return close(event, RangeKind::kSweep, proc(event.proc));
    case kGcMarkAssistBegin:
      return open(event, RangeKind::kMarkAssist, current(event));
    case kGcMarkAssistActive:
      if (event.subject_tag == nullptr) return;
      return open(event, RangeKind::kMarkAssist, goroutine(event.subject_tag, event.args[0]), true);
    case kGcMarkAssistEnd:
      return close(event, RangeKind::kMarkAssist, current(event));
    case kUserTaskBegin:
      return open(event, RangeKind::kTask, event.args[0]);
    case kUserTaskEnd:
      return close(event, RangeKind::kTask, event.args[0]);
    case kUserRegionBegin:
      return open(event, RangeKind::kRegion, current(event));
    case kUserRegionEnd:
      return close(event, RangeKind::kRegion, current(event));
    case kUserLog:
      return moment(event, RangeKind::kLog);
    case kGoLabel:
      return moment(event, RangeKind::kLabel);
    case kHeapAlloc:
      return builder_.point(timeline.heap_live, now_, event.args[0]);
    case kHeapGoal:
      return builder_.point(timeline.heap_goal, now_, event.args[0]);
    case kProcsChange:
      return builder_.point(timeline.gomaxprocs, now_, event.args[0]);
    case kCpuSample:
      timeline.cpu_samples.push_back({.time = now_,
                                      .goroutine = current(event),
                                      .proc = proc(event.proc),
                                      .thread = thread(event.thread),
                                      .stack = stack(event.stack)});
      return;
    default:
      if (event.subject_tag != nullptr) go(event);
  }
}

void TimelineSink::go(const Event& event) {
  if (event.go_from == event.go_to) return;  // told again as a generation begins
  model::TimelineBuilder::Transition transition{
      .time = now_, .state = event.go_to, .cause = cause_of(event.type)};
  const uint32_t index = goroutine(event.subject_tag, event.subject);
  switch (transition.cause) {
    case GoCause::kCreate:
      transition.by = current(event);
      transition.by_stack = stack(event.stack);
      transition.stack = stack(event.new_stack);
      break;
    case GoCause::kUnblock:
      transition.by = current(event);
      transition.by_stack = stack(event.stack);
      break;
    case GoCause::kStart:
    case GoCause::kStatus:
    case GoCause::kCreateSyscall:
      // Where a system call was made before a one-stream trace began, is not told.
      if (event.go_to == GoState::kRunning || timeline_has_generations_) transition.proc = proc(event.proc);
      transition.stack = stack(event.stack);
      break;
    default:
      transition.stack = stack(event.stack);
      transition.reason = text(event.text);
  }
  builder_.go(index, transition);
  if (event.go_to == GoState::kNotExist) {
    close_of_goroutine(index, now_);
    if (event.type == kGoDestroySyscall && returning_.find(event.subject) == nullptr) {
      returning_.add(event.subject, index);
    }
  }
}

void TimelineSink::proc_changed(const Event& event) {
  const uint32_t index = proc(static_cast<int64_t>(event.subject));
  if (event.proc_from == event.proc_to) return;
  builder_.proc(index, now_, event.proc_to,
                event.proc_to == ProcState::kRunning ? thread(event.thread) : kNone);
}

void TimelineSink::open(const Event& event, RangeKind kind, uint64_t key, bool begun_before) {
  auto& ranges = open_[static_cast<size_t>(kind)];
  auto* list = ranges.find(key);
  if (begun_before && list != nullptr && !list->empty()) return;  // told again as a generation begins
  if (list == nullptr) list = &ranges.add(key, {});
  TraceRange range{.kind = kind, .begun_before = begun_before, .begin = now_};
  range.goroutine =
      begun_before && kind == RangeKind::kMarkAssist ? static_cast<uint32_t>(key) : current(event);
  range.stack = stack(event.stack);
  range.text = text(event.text);
  if (kind == RangeKind::kSweep) range.proc = static_cast<uint32_t>(key);
  if (kind == RangeKind::kTask || kind == RangeKind::kRegion) range.a = event.args[0];
  if (kind == RangeKind::kTask) range.b = event.args[1];
  list->push_back(range);
}

void TimelineSink::close(const Event& event, RangeKind kind, uint64_t key) {
  auto& ranges = open_[static_cast<size_t>(kind)];
  auto* list = ranges.find(key);
  TraceRange range;
  if (list != nullptr && !list->empty()) {
    range = list->back();
    list->pop_back();
    if (list->empty() && kind != RangeKind::kSweep) ranges.erase(key);
  } else {
    range = {.kind = kind, .begun_before = true, .goroutine = current(event)};
    range.text = text(event.text);
    if (kind == RangeKind::kSweep) range.proc = static_cast<uint32_t>(key);
    if (kind == RangeKind::kTask || kind == RangeKind::kRegion) range.a = event.args[0];
    if (kind == RangeKind::kTask) range.b = event.args[1];
  }
  range.end = now_;
  if (kind == RangeKind::kSweep) {
    range.a = event.args[0];
    range.b = event.args[1];
  }
  builder_.range(range);
}

void TimelineSink::moment(const Event& event, RangeKind kind) {
  TraceRange range{.kind = kind, .begin = now_, .end = now_};
  range.goroutine = current(event);
  range.text = text(event.text);
  range.stack = stack(event.stack);
  if (kind == RangeKind::kLog) {
    range.a = event.args[0];
    range.b = text(event.text2);
  }
  builder_.range(range);
}

void TimelineSink::close_of_goroutine(uint32_t goroutine, int64_t time) {
  for (const RangeKind kind : {RangeKind::kRegion, RangeKind::kMarkAssist}) {
    auto& ranges = open_[static_cast<size_t>(kind)];
    if (ranges.size() == 0) continue;
    auto* list = ranges.find(goroutine);
    if (list == nullptr) continue;
    for (; !list->empty(); list->pop_back()) {
      list->back().end = time;
      list->back().not_ended = true;
      builder_.range(list->back());
    }
    ranges.erase(goroutine);
  }
}

void TimelineSink::close_all(int64_t time) {
  for (auto& ranges : open_) {
    ranges.for_each([&](uint64_t, std::vector<TraceRange>& list) {
      for (TraceRange& range : list) {
        range.end = time;
        range.not_ended = true;
        builder_.range(range);
      }
    });
    ranges.clear();
  }
}

}  // namespace edp::decode::go_trace
