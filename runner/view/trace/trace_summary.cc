#include "runner/view/trace/trace_summary.h"

#include <algorithm>
#include <map>

namespace edp::view {

using model::GoSlice;
using model::GoState;
using model::kNone;
using model::RangeKind;
using model::Timeline;

namespace {

// As Go's runtime tells its own goroutines.
bool is_system(std::string_view function) {
  return (function != "runtime.main" && function.starts_with("runtime."));
}

struct Key {
  GoState state;
  uint32_t reason;
  auto operator<=>(const Key&) const = default;
};

Extremes extremes(const Timeline& timeline, const model::Series& series) {
  Extremes found;
  for (const model::Series::Point& point : timeline.points(series)) {
    found.least = found.any ? std::min(found.least, point.value) : point.value;
    found.most = std::max(found.most, point.value);
    found.any = true;
  }
  return found;
}

std::vector<RangeTotal> range_totals(const Timeline& timeline) {
  std::map<std::pair<RangeKind, uint32_t>, RangeTotal> totals;
  for (const model::TraceRange& range : timeline.ranges()) {
    if (range.kind == RangeKind::kLog || range.kind == RangeKind::kLabel) continue;
    const uint32_t text = range.kind == RangeKind::kStopTheWorld ? range.text : kNone;
    RangeTotal& total = totals[{range.kind, text}];
    total.kind = range.kind;
    total.text = text;
    ++total.count;
    total.total += range.end - range.begin;
    total.longest = std::max(total.longest, range.end - range.begin);
  }
  std::vector<RangeTotal> list;
  for (const auto& [key, total] : totals) list.push_back(total);
  std::ranges::stable_sort(list, [](const RangeTotal& a, const RangeTotal& b) {
    return a.kind != b.kind ? a.kind < b.kind : a.total > b.total;
  });
  return list;
}

// The few longest of many.
class Longest {
 public:
  explicit Longest(size_t count) : count_(count) {}
  void offer(uint32_t goroutine, const GoSlice& slice) {
    if (count_ == 0 || (list_.size() == count_ && slice.duration() <= list_.front().slice.duration())) return;
    if (list_.size() == count_) {
      std::ranges::pop_heap(list_, is_longer);
      list_.pop_back();
    }
    list_.push_back({goroutine, slice});
    std::ranges::push_heap(list_, is_longer);
  }
  std::vector<LongSlice> take() {
    std::ranges::sort(list_, is_longer);
    return std::move(list_);
  }

 private:
  static bool is_longer(const LongSlice& a, const LongSlice& b) {
    if (a.slice.duration() != b.slice.duration()) return a.slice.duration() > b.slice.duration();
    return a.slice.begin < b.slice.begin;
  }
  size_t count_;
  std::vector<LongSlice> list_;  // a heap, the shortest first
};

}  // namespace

uint32_t telling_frame(const Timeline& timeline, uint32_t stack) {
  constexpr std::array kPlumbing = {"runtime.", "sync.", "internal/", "syscall.", "time.", "os.", "reflect."};
  const auto frames = timeline.stack(stack);
  for (const uint32_t frame : frames) {
    const std::string_view function = timeline.text(timeline.frames[frame].function);
    if (std::ranges::none_of(kPlumbing, [&](const char* p) { return function.starts_with(p); })) return frame;
  }
  return frames.empty() ? kNone : frames.front();
}

TraceSummary summarize(const Timeline& timeline, const SliceFilter& filter, const SliceOptions& options,
                       size_t longest_count) {
  TraceSummary summary;
  std::map<Key, StateTotal> totals;
  Longest longest(longest_count);
  for (uint32_t i = 0; i < timeline.goroutines.size(); ++i) {
    if (!filter.takes_goroutine(i)) continue;
    const bool shown = options.goroutine || !is_system(timeline.text(timeline.goroutines[i].function));
    bool any = false, alive = false;
    for (GoSlice slice : timeline.slices(i)) {
      alive = slice.state != GoState::kNotExist && slice.state != GoState::kUndetermined;
      if (!alive || !filter.takes(slice)) continue;
      any = true;
      const bool ended = slice.end < timeline.end;
      slice.begin = std::max(slice.begin, options.from);
      slice.end = std::max(std::min(slice.end, options.to), slice.begin);
      StateTotal& total = totals[{slice.state, slice.reason}];
      total.state = slice.state;
      total.reason = slice.reason;
      ++total.count;
      total.total += slice.duration();
      total.longest = std::max(total.longest, slice.duration());
      const bool sleeps = timeline.text(slice.reason) == "sleep" && options.is_all();
      if (shown && !sleeps && (ended || options.goroutine) &&
          (slice.state != GoState::kRunning || options.state)) {
        longest.offer(i, slice);
      }
    }
    summary.goroutines += any ? 1 : 0;
    summary.alive += any && alive ? 1 : 0;
  }
  for (const auto& [key, total] : totals) summary.states.push_back(total);
  std::ranges::stable_sort(summary.states, std::greater<>(), &StateTotal::total);
  summary.longest = longest.take();
  summary.ranges = range_totals(timeline);
  summary.heap_live = extremes(timeline, timeline.heap_live);
  summary.heap_goal = extremes(timeline, timeline.heap_goal);
  summary.gomaxprocs = extremes(timeline, timeline.gomaxprocs);
  return summary;
}

}  // namespace edp::view
