#include "runner/analyse/rules/go/trace_load.h"

#include <algorithm>

namespace edp::analyse::go {
namespace {

constexpr int64_t kShortestSlot = 50'000;
constexpr int64_t kMostSlots = 200'000;

// How much lies before `time`, by the running sums.
double before(const std::vector<double>& sums, int64_t slot, int64_t time) {
  const auto index = std::min(static_cast<size_t>(time / slot), sums.size() - 2);
  const double part = std::min(
      1.0, static_cast<double>(time - static_cast<int64_t>(index) * slot) / static_cast<double>(slot));
  return sums[index] + (sums[index + 1] - sums[index]) * part;
}

void sum_up(std::vector<double>& slots) {
  double sum = 0;
  for (double& slot : slots) {
    const double here = slot;
    slot = sum;
    sum += here;
  }
}

}  // namespace

bool is_gc_worker(const model::Timeline& timeline, uint32_t goroutine) {
  return timeline.text(timeline.goroutines[goroutine].function).starts_with("runtime.gcBgMarkWorker");
}

ProcessorLoad::ProcessorLoad(const model::Timeline& timeline)
    : slot_(std::max(kShortestSlot, timeline.end / kMostSlots + 1)), end_(timeline.end) {
  // One more, which stays empty: the sum of all stands there.
  const size_t slots = static_cast<size_t>(std::max<int64_t>(end_, 0) / slot_) + 2;
  goroutines_.resize(slots);
  gc_workers_.resize(slots);
  stopped_.resize(slots);
  for (uint32_t g = 0; g < timeline.goroutines.size(); ++g) {
    const bool worker = is_gc_worker(timeline, g);
    for (const model::GoSlice& slice : timeline.slices(g)) {
      if (slice.state == model::GoState::kRunnable && !worker) runnable_ += slice.duration();
      if (slice.state != model::GoState::kRunning) continue;
      if (!worker) running_ += slice.duration();
      spread(worker ? gc_workers_ : goroutines_, slice.begin, slice.end);
    }
  }
  for (const model::TraceRange& range : timeline.ranges(model::RangeKind::kStopTheWorld))
    spread(stopped_, range.begin, range.end);
  for (std::vector<double>* sums : {&goroutines_, &gc_workers_, &stopped_}) sum_up(*sums);
  for (const model::Series::Point& point : timeline.points(timeline.gomaxprocs))
    processors_ = std::max(point.value, uint64_t{1});
  if (timeline.gomaxprocs.size() == 0) processors_ = std::max<uint64_t>(timeline.procs.size(), 1);
}

void ProcessorLoad::spread(std::vector<double>& slots, int64_t begin, int64_t end) const {
  begin = std::clamp<int64_t>(begin, 0, end_);
  end = std::clamp<int64_t>(end, begin, end_);
  while (begin < end) {
    const int64_t index = begin / slot_;
    const int64_t stop = std::min(end, (index + 1) * slot_);
    slots[static_cast<size_t>(index)] += static_cast<double>(stop - begin);
    begin = stop;
  }
}

void ProcessorLoad::Use::add(const Use& other) {
  goroutines += other.goroutines;
  gc_workers += other.gc_workers;
  capacity += other.capacity;
  stopped += other.stopped;
  wall += other.wall;
}

ProcessorLoad::Use ProcessorLoad::during(int64_t begin, int64_t end) const {
  const auto between = [&](const std::vector<double>& sums) {
    return before(sums, slot_, end) - before(sums, slot_, begin);
  };
  const auto wall = static_cast<double>(end - begin);
  return {.goroutines = between(goroutines_),
          .gc_workers = between(gc_workers_),
          .capacity = wall * static_cast<double>(processors_),
          .stopped = between(stopped_),
          .wall = wall};
}

}  // namespace edp::analyse::go
