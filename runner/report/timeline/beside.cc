#include "runner/report/timeline/beside.h"

#include <algorithm>
#include <vector>

#include "runner/report/timeline/columns.h"

namespace edp::report {
namespace {

using model::RangeKind;
using model::Series;
using model::TraceRange;

bool of_the_process(const TraceRange& range) {
  return range.kind == RangeKind::kGcMark || range.kind == RangeKind::kStopTheWorld;
}

// The longest ones, at most `limit` of them, in order of begin.
std::vector<TraceRange> longest_ranges(const model::Timeline& timeline, uint64_t limit) {
  std::vector<int64_t> durations;
  for (const TraceRange& range : timeline.ranges()) {
    durations.push_back(of_the_process(range) ? INT64_MAX : range.end - range.begin);
  }
  int64_t least = 0;
  if (durations.size() > limit) {
    const auto at = durations.begin() + static_cast<std::ptrdiff_t>(limit);
    std::ranges::nth_element(durations, at, std::ranges::greater());
    least = *at == INT64_MAX ? *at : *at + 1;
  }
  std::vector<TraceRange> kept;
  for (const TraceRange& range : timeline.ranges()) {
    if (kept.size() == limit) break;
    if (of_the_process(range) || range.end - range.begin >= least) kept.push_back(range);
  }
  std::ranges::stable_sort(kept, {}, &TraceRange::begin);
  return kept;
}

std::vector<Series::Point> thinned(const model::Timeline& timeline, const Series& series, uint64_t limit) {
  std::vector<Series::Point> kept;
  const int64_t step = series.size() <= limit ? 0 : 2 * timeline.end / static_cast<int64_t>(limit) + 1;
  int64_t now = -1;
  Series::Point least, greatest;
  const auto close = [&] {
    if (now < 0) return;
    const bool down = greatest.time < least.time;
    kept.push_back(down ? greatest : least);
    if (least.time != greatest.time) kept.push_back(down ? least : greatest);
  };
  for (const Series::Point& point : timeline.points(series)) {
    if (step == 0) {
      kept.push_back(point);
      continue;
    }
    if (point.time / step != now) {
      close();
      now = point.time / step;
      least = greatest = point;
    }
    if (point.value < least.value) least = point;
    if (point.value > greatest.value) greatest = point;
  }
  close();
  return kept;
}

}  // namespace

uint64_t Beside::append_ranges(std::string& out) {
  Column kinds, durations, goroutines, procs, texts, stacks, a, b;
  DeltaColumn begins;
  const std::vector<TraceRange> kept = longest_ranges(timeline, limits.ranges);
  kinds.put(kept.size());
  for (const TraceRange& range : kept) {
    kinds.put(static_cast<uint64_t>(range.kind) << 2 | (range.begun_before ? 2 : 0) |
              (range.not_ended ? 1 : 0));
    begins.put(range.begin);
    durations.put(static_cast<uint64_t>(range.end - range.begin));
    goroutines.put_index(name(range.goroutine));
    procs.put_index(range.proc);
    texts.put(tables.text(range.text));
    stacks.put(tables.stack(range.stack));
    a.put(range.a);
    b.put(range.kind == RangeKind::kLog ? tables.text(static_cast<uint32_t>(range.b)) : range.b);
  }
  append_columns(out, kinds, begins, durations, goroutines, procs, texts, stacks, a, b);
  return kept.size();
}

void Beside::append_series(std::string& out) const {
  for (const Series* series : {&timeline.heap_live, &timeline.heap_goal, &timeline.gomaxprocs}) {
    const std::vector<Series::Point> kept = thinned(timeline, *series, limits.points);
    Column size;
    DeltaColumn times, values;
    size.put(kept.size());
    for (const Series::Point& point : kept) {
      times.put(point.time);
      values.put(static_cast<int64_t>(point.value));
    }
    append_columns(out, size, times, values);
  }
}

uint64_t Beside::append_samples(std::string& out) {
  const std::vector<model::CpuSample>& all = timeline.cpu_samples;
  const uint64_t limit = std::max<uint64_t>(limits.samples, 1);
  const uint64_t every = std::max<uint64_t>((all.size() + limit - 1) / limit, 1);
  const uint64_t kept = (all.size() + every - 1) / every;
  Column goroutines, procs, stacks, size;
  DeltaColumn times;
  size.put(kept);
  for (size_t i = 0; i < all.size(); i += every) {
    times.put(all[i].time);
    goroutines.put_index(name(all[i].goroutine));
    procs.put_index(all[i].proc);
    stacks.put(tables.stack(all[i].stack));
  }
  append_columns(out, size, times, goroutines, procs, stacks);
  return kept;
}

}  // namespace edp::report
