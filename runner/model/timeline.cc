#include "runner/model/timeline.h"

#include <algorithm>
#include <numeric>

namespace edp::model {
namespace {

template <typename T>
uint64_t bytes_of(const std::vector<T>& list) {
  return list.capacity() * sizeof(T);
}

constexpr std::array<std::string_view, 6> kGoStates = {"undetermined", "not_exist", "runnable",
                                                       "running",      "waiting",   "syscall"};
constexpr std::array<std::string_view, 13> kGoCauses = {"status",
                                                        "create",
                                                        "create_syscall",
                                                        "start",
                                                        "stop",
                                                        "block",
                                                        "unblock",
                                                        "syscall_begin",
                                                        "syscall_end",
                                                        "syscall_end_block",
                                                        "destroy",
                                                        "destroy_syscall",
                                                        "lost"};
constexpr std::array<std::string_view, kRangeKinds> kRangeKindNames = {
    "gc_mark", "stop_the_world", "sweep", "mark_assist", "task", "region", "log", "label"};
constexpr std::array<std::string_view, kEventKinds> kEventKindNames = {
    "Sync",      "Metric",  "Label",       "StackSample", "RangeBegin", "RangeActive",     "RangeEnd",
    "TaskBegin", "TaskEnd", "RegionBegin", "RegionEnd",   "Log",        "StateTransition", "Experimental"};

}  // namespace

std::string_view to_string(GoState state) { return kGoStates[static_cast<size_t>(state)]; }

std::optional<GoState> go_state(std::string_view name) {
  const auto* found = std::ranges::find(kGoStates, name);
  if (found == kGoStates.end()) return std::nullopt;
  return static_cast<GoState>(found - kGoStates.begin());
}

std::string_view to_string(GoCause cause) { return kGoCauses[static_cast<size_t>(cause)]; }
std::string_view to_string(RangeKind kind) { return kRangeKindNames[static_cast<size_t>(kind)]; }
std::string_view to_string(EventKind kind) { return kEventKindNames[static_cast<size_t>(kind)]; }

void Timeline::change_texts(const std::function<std::string(std::string_view)>& change) {
  std::string changed;
  changed.reserve(text_.size());
  std::vector<uint64_t> ends;
  ends.reserve(text_ends_.size());
  for (uint32_t i = 0; i < text_count(); ++i) {
    changed += change(text(i));
    ends.push_back(changed.size());
  }
  text_ = std::move(changed);
  text_ends_ = std::move(ends);
}

std::string_view Timeline::text(uint32_t i) const {
  if (i == kNone) return {};
  const uint64_t begin = i == 0 ? 0 : text_ends_[i - 1];
  return std::string_view(text_).substr(begin, text_ends_[i] - begin);
}

std::span<const uint32_t> Timeline::stack(uint32_t i) const {
  if (i == kNone) return {};
  const uint64_t begin = i == 0 ? 0 : stack_ends_[i - 1];
  return std::span(stack_frames_).subspan(begin, stack_ends_[i] - begin);
}

Timeline::GoSlices Timeline::slices(uint32_t goroutine) const {
  return GoSlices(GoDecoder(*this, goroutines[goroutine].stream));
}

Timeline::ProcSlices Timeline::proc_slices(uint32_t proc) const {
  return ProcSlices(ProcDecoder(*this, procs[proc].stream));
}

Timeline::Ranges Timeline::ranges() const { return Ranges(RangeDecoder(*this)); }

Timeline::Points Timeline::points(const Series& series) const {
  return Points(PointDecoder(*this, series.stream_));
}

std::vector<TraceRange> Timeline::ranges(RangeKind kind) const {
  std::vector<TraceRange> found;
  found.reserve(range_count(kind));
  for (const TraceRange& range : ranges()) {
    if (range.kind == kind) found.push_back(range);
  }
  std::ranges::stable_sort(found, {}, &TraceRange::begin);
  return found;
}

uint32_t Timeline::find_goroutine(uint64_t id) const {
  const auto found = std::ranges::find(goroutines, id, &TraceGoroutine::id);
  return found == goroutines.end() ? kNone : static_cast<uint32_t>(found - goroutines.begin());
}

uint32_t Timeline::find_proc(uint64_t id) const {
  const auto found = std::ranges::find(procs, id, &TraceProc::id);
  return found == procs.end() ? kNone : static_cast<uint32_t>(found - procs.begin());
}

uint64_t Timeline::event_count() const { return std::accumulate(events.begin(), events.end(), uint64_t{0}); }

std::optional<int64_t> Timeline::wall_ns(int64_t time) const {
  if (clocks.empty()) return std::nullopt;
  // The last snapshot before it, else the first.
  const auto after = std::ranges::upper_bound(clocks, time, {}, &ClockSnapshot::time);
  const ClockSnapshot& clock = after == clocks.begin() ? *after : *std::prev(after);
  // The file's figures may be anything.
  return static_cast<int64_t>(static_cast<uint64_t>(clock.wall_ns) + static_cast<uint64_t>(time) -
                              static_cast<uint64_t>(clock.time));
}

uint64_t Timeline::memory() const {
  return sizeof(*this) + arena_.memory() + bytes_of(goroutines) + bytes_of(procs) + bytes_of(threads) +
         bytes_of(cpu_samples) + bytes_of(frames) + bytes_of(generations) + bytes_of(clocks) +
         bytes_of(go_shapes_) + bytes_of(range_shapes_) + bytes_of(text_ends_) + bytes_of(stack_frames_) +
         bytes_of(stack_ends_) + text_.capacity();
}

// A slice ends where the one ahead begins, the last with the timeline.
template <typename Decoder, typename Slice>
bool Timeline::next_slice(Decoder& decoder, Slice& slice) {
  if (!decoder.any_) return false;
  slice = decoder.ahead_;
  decoder.any_ = decoder.reader_.more();
  if (decoder.any_) decoder.read();
  slice.end = decoder.any_ ? decoder.ahead_.begin : decoder.timeline_->end;
  return true;
}

Timeline::GoDecoder::GoDecoder(const Timeline& timeline, trace_stream::Place first)
    : timeline_(&timeline), reader_(timeline.arena_, first) {
  if (reader_.more()) read();
}

void Timeline::GoDecoder::read() {
  const GoShape& shape = timeline_->go_shapes_[reader_.varint()];
  GoSlice slice;
  slice.begin = ahead_.begin + static_cast<int64_t>(reader_.varint());
  slice.state = shape.state;
  slice.cause = shape.cause;
  slice.reason = shape.reason;
  slice.stack = shape.stack;
  slice.by_stack = shape.by_stack;
  if (shape.cause == GoCause::kCreate || shape.cause == GoCause::kUnblock) {
    by_ += static_cast<uint32_t>(trace_stream::unzigzag(reader_.varint()));
    slice.by = by_;
  }
  if (shape.proc != kNone) proc_ = shape.proc;
  if (shape.state == GoState::kRunning || shape.state == GoState::kSyscall)
    slice.proc = proc_;
  else
    proc_ = kNone;
  ahead_ = slice;
  any_ = true;
}

bool Timeline::GoDecoder::next(GoSlice& slice) { return next_slice(*this, slice); }

Timeline::ProcDecoder::ProcDecoder(const Timeline& timeline, trace_stream::Place first)
    : timeline_(&timeline), reader_(timeline.arena_, first) {
  if (reader_.more()) read();
}

void Timeline::ProcDecoder::read() {
  const uint64_t what = reader_.varint();
  ahead_.state = static_cast<ProcState>(what & 3);
  ahead_.thread = static_cast<uint32_t>(what >> 2) - 1;
  ahead_.begin += static_cast<int64_t>(reader_.varint());
  any_ = true;
}

bool Timeline::ProcDecoder::next(ProcSlice& slice) { return next_slice(*this, slice); }

Timeline::RangeDecoder::RangeDecoder(const Timeline& timeline)
    : timeline_(&timeline), reader_(timeline.arena_, timeline.ranges_) {}

bool Timeline::RangeDecoder::next(TraceRange& range) {
  if (!reader_.more()) return false;
  const RangeShape& shape = timeline_->range_shapes_[reader_.varint()];
  range = {};
  range.kind = shape.kind;
  range.begun_before = shape.begun_before;
  range.not_ended = shape.not_ended;
  range.text = shape.text;
  range.stack = shape.stack;
  range.end = last_.end + trace_stream::unzigzag(reader_.varint());
  range.begin = range.end - static_cast<int64_t>(reader_.varint());
  range.goroutine = static_cast<uint32_t>(reader_.varint()) - 1;
  range.proc = static_cast<uint32_t>(reader_.varint()) - 1;
  range.a = reader_.varint();
  range.b = reader_.varint() - 1;
  last_ = range;
  return true;
}

Timeline::PointDecoder::PointDecoder(const Timeline& timeline, trace_stream::Place first)
    : reader_(timeline.arena_, first) {}

bool Timeline::PointDecoder::next(Series::Point& point) {
  if (!reader_.more()) return false;
  last_.time += static_cast<int64_t>(reader_.varint());
  last_.value += static_cast<uint64_t>(trace_stream::unzigzag(reader_.varint()));
  point = last_;
  return true;
}

}  // namespace edp::model
