#include "runner/model/timeline_builder.h"

#include <algorithm>
#include <tuple>

#include "runner/model/intern.h"

namespace edp::model {

using trace_stream::Byte;
using trace_stream::kMaxVarint;
using trace_stream::put_varint;
using trace_stream::Writer;
using trace_stream::zigzag;

struct TimelineBuilder::State {
  // A goroutine that has not ended.
  struct Live {
    Writer writer;
    int64_t time = 0;
    uint32_t by = kNone, goroutine = kNone;
  };
  struct LiveProc {
    Writer writer;
    int64_t time = 0;
  };
  struct LiveSeries {
    Series* series = nullptr;
    Writer writer;
    Series::Point last;
  };

  Timeline timeline;
  InternTable texts, frames, stacks, threads, go_shapes, range_shapes;
  std::vector<Live> live;
  std::vector<uint32_t> free_live;
  std::vector<bool> ended;  // by goroutine; until then its `stream` is its place in `live`
  std::vector<LiveProc> procs;
  std::vector<LiveSeries> series;
  Writer ranges;
  int64_t last_range_end = 0;

  static uint64_t hash(std::string_view text) {
    KeyedHash hash;
    hash.add(text);
    return hash.value();
  }
  static uint64_t hash(const TraceFrame& frame) {
    KeyedHash hash;
    hash.add(frame.pc);
    hash.add(uint64_t{frame.function} << 32 | frame.file);
    hash.add(frame.line);
    return hash.value();
  }
  static uint64_t hash(std::span<const uint32_t> frames) {
    KeyedHash hash;
    hash.add(frames.size());
    for (const uint32_t frame : frames) hash.add(frame);
    return hash.value();
  }
  static uint64_t hash(const Timeline::GoShape& shape) {
    KeyedHash hash;
    hash.add(uint64_t{shape.reason} << 32 | shape.proc);
    hash.add((uint64_t{shape.stack} << 32 | shape.by_stack) ^ static_cast<uint64_t>(shape.state) << 60 ^
             static_cast<uint64_t>(shape.cause) << 56);
    return hash.value();
  }
  static uint64_t hash(const Timeline::RangeShape& shape) {
    KeyedHash hash;
    hash.add(uint64_t{shape.text} << 32 | shape.stack);
    hash.add(static_cast<uint64_t>(shape.kind) << 2 | (shape.begun_before ? 2 : 0) |
             (shape.not_ended ? 1 : 0));
    return hash.value();
  }

  // Of a list whose items compare by `tie`.
  template <typename Item, typename Tie>
  static uint32_t intern(InternTable& table, std::vector<Item>& list, const Item& item, Tie tie) {
    return table.find_or_add(
        hash(item), [&](uint32_t i) { return tie(list[i]) == tie(item); },
        [&] {
          list.push_back(item);
          return static_cast<uint32_t>(list.size() - 1);
        },
        [&](uint32_t i) { return hash(list[i]); });
  }
};

TimelineBuilder::TimelineBuilder() : state_(std::make_unique<State>()) {
  Timeline& t = state_->timeline;
  for (Series* series : {&t.heap_live, &t.heap_goal, &t.gomaxprocs}) {
    state_->series.emplace_back().series = series;
  }
}
TimelineBuilder::~TimelineBuilder() = default;
TimelineBuilder::TimelineBuilder(TimelineBuilder&&) noexcept = default;
TimelineBuilder& TimelineBuilder::operator=(TimelineBuilder&&) noexcept = default;

Timeline& TimelineBuilder::timeline() { return state_->timeline; }

uint32_t TimelineBuilder::text(std::string_view text) {
  Timeline& t = state_->timeline;
  return state_->texts.find_or_add(
      State::hash(text), [&](uint32_t i) { return t.text(i) == text; },
      [&] {
        t.text_.append(text);
        t.text_ends_.push_back(t.text_.size());
        return static_cast<uint32_t>(t.text_ends_.size() - 1);
      },
      [&](uint32_t i) { return State::hash(t.text(i)); });
}

uint32_t TimelineBuilder::frame(const TraceFrame& frame) {
  return State::intern(state_->frames, state_->timeline.frames, frame,
                       [](const TraceFrame& f) { return std::tie(f.pc, f.function, f.file, f.line); });
}

uint32_t TimelineBuilder::stack(std::span<const uint32_t> frames) {
  if (frames.empty()) return kNone;
  Timeline& t = state_->timeline;
  return state_->stacks.find_or_add(
      State::hash(frames), [&](uint32_t i) { return std::ranges::equal(t.stack(i), frames); },
      [&] {
        t.stack_frames_.insert(t.stack_frames_.end(), frames.begin(), frames.end());
        t.stack_ends_.push_back(t.stack_frames_.size());
        return static_cast<uint32_t>(t.stack_ends_.size() - 1);
      },
      [&](uint32_t i) { return State::hash(t.stack(i)); });
}

uint32_t TimelineBuilder::thread(uint64_t id) {
  std::vector<uint64_t>& threads = state_->timeline.threads;
  const auto hash = [](uint64_t value) {
    KeyedHash keyed;
    keyed.add(value);
    return keyed.value();
  };
  return state_->threads.find_or_add(
      hash(id), [&](uint32_t i) { return threads[i] == id; },
      [&] {
        threads.push_back(id);
        return static_cast<uint32_t>(threads.size() - 1);
      },
      [&](uint32_t i) { return hash(threads[i]); });
}

uint32_t TimelineBuilder::add_goroutine(uint64_t id) {
  State& s = *state_;
  const auto index = static_cast<uint32_t>(s.timeline.goroutines.size());
  if (s.free_live.empty()) {
    s.free_live.push_back(static_cast<uint32_t>(s.live.size()));
    s.live.emplace_back();
  }
  const uint32_t slot = s.free_live.back();
  s.free_live.pop_back();
  s.live[slot] = {};
  s.live[slot].goroutine = index;
  s.timeline.goroutines.push_back({.id = id, .stream = slot});
  s.ended.push_back(false);
  return index;
}

uint32_t TimelineBuilder::add_proc(uint64_t id) {
  state_->timeline.procs.push_back({.id = id});
  state_->procs.emplace_back();
  return static_cast<uint32_t>(state_->procs.size() - 1);
}

void TimelineBuilder::go(uint32_t goroutine, const Transition& transition) {
  State& s = *state_;
  if (s.ended[goroutine]) return;
  const uint32_t slot = s.timeline.goroutines[goroutine].stream;
  State::Live& live = s.live[slot];
  const bool has_by = transition.cause == GoCause::kCreate || transition.cause == GoCause::kUnblock;
  const bool has_proc = transition.cause == GoCause::kStart || transition.cause == GoCause::kStatus ||
                        transition.cause == GoCause::kCreateSyscall;
  const Timeline::GoShape shape{transition.state, transition.cause,    transition.reason,
                                transition.stack, transition.by_stack, has_proc ? transition.proc : kNone};
  const uint32_t index = State::intern(s.go_shapes, s.timeline.go_shapes_, shape, [](const auto& x) {
    return std::tie(x.state, x.cause, x.reason, x.stack, x.by_stack, x.proc);
  });
  Byte* p = live.writer.reserve(3 * kMaxVarint, s.timeline.arena_);
  p = put_varint(p, index);
  p = put_varint(p, static_cast<uint64_t>(transition.time - live.time));
  if (has_by) {
    p = put_varint(p, zigzag(static_cast<int32_t>(transition.by - live.by)));
    live.by = transition.by;
  }
  live.writer.commit(p);
  live.time = transition.time;
  ++s.timeline.slice_count_;

  TraceGoroutine& entry = s.timeline.goroutines[goroutine];
  if (entry.function == kNone && transition.stack != kNone) {
    entry.function = s.timeline.frames[s.timeline.stack(transition.stack).back()].function;
  }
  // A goroutine of a thread of C may come again.
  if (transition.state == GoState::kNotExist && transition.cause == GoCause::kDestroy) {
    live.writer.close(s.timeline.arena_);
    entry.stream = live.writer.first();
    s.ended[goroutine] = true;
    s.free_live.push_back(slot);
  }
}

void TimelineBuilder::proc(uint32_t proc, int64_t time, ProcState state, uint32_t thread) {
  State::LiveProc& live = state_->procs[proc];
  Byte* p = live.writer.reserve(2 * kMaxVarint, state_->timeline.arena_);
  p = put_varint(p, uint64_t{static_cast<uint32_t>(thread + 1)} << 2 | static_cast<uint64_t>(state));
  p = put_varint(p, static_cast<uint64_t>(time - live.time));
  live.writer.commit(p);
  live.time = time;
}

void TimelineBuilder::range(const TraceRange& range) {
  State& s = *state_;
  const Timeline::RangeShape shape{range.kind, range.begun_before, range.not_ended, range.text, range.stack};
  const uint32_t index = State::intern(s.range_shapes, s.timeline.range_shapes_, shape, [](const auto& x) {
    return std::tie(x.kind, x.begun_before, x.not_ended, x.text, x.stack);
  });
  Byte* p = s.ranges.reserve(7 * kMaxVarint, s.timeline.arena_);
  p = put_varint(p, index);
  p = put_varint(p, zigzag(range.end - s.last_range_end));
  p = put_varint(p, static_cast<uint64_t>(range.end - range.begin));
  p = put_varint(p, static_cast<uint32_t>(range.goroutine + 1));
  p = put_varint(p, static_cast<uint32_t>(range.proc + 1));
  p = put_varint(p, range.a);
  p = put_varint(p, range.b + 1);  // so that kNoTask is short
  s.ranges.commit(p);
  s.last_range_end = range.end;
  ++s.timeline.range_counts_[static_cast<size_t>(range.kind)];
}

void TimelineBuilder::point(Series& series, int64_t time, uint64_t value) {
  State& s = *state_;
  for (State::LiveSeries& live : s.series) {
    if (live.series != &series) continue;
    Byte* p = live.writer.reserve(2 * kMaxVarint, s.timeline.arena_);
    p = put_varint(p, static_cast<uint64_t>(time - live.last.time));
    p = put_varint(p, zigzag(static_cast<int64_t>(value - live.last.value)));
    live.writer.commit(p);
    live.last = {time, value};
    ++series.size_;
  }
}

std::vector<uint32_t> TimelineBuilder::live_goroutines() const {
  std::vector<uint32_t> live;
  for (uint32_t i = 0; i < state_->ended.size(); ++i) {
    if (!state_->ended[i]) live.push_back(i);
  }
  return live;
}

uint64_t TimelineBuilder::memory() const {
  const State& s = *state_;
  return s.timeline.memory() + s.live.capacity() * sizeof(State::Live) + s.ended.capacity() / 8 +
         s.texts.memory() + s.frames.memory() + s.stacks.memory() + s.go_shapes.memory() +
         s.range_shapes.memory();
}

Timeline TimelineBuilder::finish(int64_t end) {
  State& s = *state_;
  Timeline& t = s.timeline;
  t.end = end;
  for (size_t i = 0; i < s.ended.size(); ++i) {
    if (s.ended[i]) continue;
    State::Live& live = s.live[t.goroutines[i].stream];
    live.writer.close(t.arena_);
    t.goroutines[i].stream = live.writer.first();
  }
  for (size_t i = 0; i < s.procs.size(); ++i) {
    s.procs[i].writer.close(t.arena_);
    t.procs[i].stream = s.procs[i].writer.first();
  }
  for (State::LiveSeries& live : s.series) {
    live.writer.close(t.arena_);
    live.series->stream_ = live.writer.first();
  }
  s.ranges.close(t.arena_);
  t.ranges_ = s.ranges.first();
  t.goroutines.shrink_to_fit();
  t.frames.shrink_to_fit();
  t.cpu_samples.shrink_to_fit();
  t.text_.shrink_to_fit();
  t.stack_frames_.shrink_to_fit();
  Timeline finished = std::move(t);
  *this = {};
  return finished;
}

}  // namespace edp::model
