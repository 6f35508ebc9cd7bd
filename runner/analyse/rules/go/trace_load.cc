#include "runner/analyse/rules/go/trace_load.h"

#include <algorithm>

#include "runner/analyse/rules/go/code_lines.h"
#include "runner/analyse/rules/go/trace_stacks.h"
#include "runner/analyse/sites.h"

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

bool is_tracers(std::string_view why) { return why == "start trace" || why == "stop trace"; }

// Go's CPU profiler takes a sample every 10 ms of CPU time.
constexpr int64_t kSamplePeriod = 10'000'000;
constexpr int64_t kEnoughSamples = 20;

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
  traced_.resize(slots);
  for (uint32_t g = 0; g < timeline.goroutines.size(); ++g) {
    const bool worker = is_gc_worker(timeline, g);
    bool first = true;
    for (const model::GoSlice& slice : timeline.slices(g)) {
      const int64_t begin = begin_of(slice, first);
      first = false;
      if (slice.state == model::GoState::kRunnable && !worker) runnable_ += slice.end - begin;
      if (slice.state != model::GoState::kRunning) continue;
      if (!worker) running_ += slice.end - begin;
      spread(worker ? gc_workers_ : goroutines_, begin, slice.end);
    }
  }
  for (const model::TraceRange& range : timeline.ranges(model::RangeKind::kStopTheWorld))
    spread(is_tracers(timeline.text(range.text)) ? traced_ : stopped_, range.begin, range.end);
  for (std::vector<double>* sums : {&goroutines_, &gc_workers_, &stopped_, &traced_}) sum_up(*sums);
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
  traced += other.traced;
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
          .traced = between(traced_),
          .wall = wall};
}

TraceLoad::TraceLoad(const model::Facts& facts) {
  for (const model::TraceFact& fact : facts.traces) {
    const ProcessorLoad& load = traces.emplace_back(*fact.timeline);
    running += load.running();
    runnable += load.runnable();
    wall += fact.timeline->end;
    processors = std::max(processors, load.processors());
    samples += std::ranges::count_if(fact.timeline->cpu_samples, [&](const model::CpuSample& sample) {
      return sample.goroutine == model::kNone || !is_gc_worker(*fact.timeline, sample.goroutine);
    });
  }
}

double TraceLoad::demand() const {
  return wall <= 0 ? 0 : static_cast<double>(running + runnable) / static_cast<double>(wall);
}

std::optional<double> machine_share(const RuleInput& input) {
  const auto& load = input.readings.own<TraceLoad>();
  const double running = std::min(static_cast<double>(load.running),
                                  static_cast<double>(load.wall) * static_cast<double>(load.processors));
  if (running <= 0) return std::nullopt;
  std::optional<double> share;
  const auto at_least = [&](double value) { share = std::min(1.0, std::max(share.value_or(0), value)); };
  if (load.samples >= kEnoughSamples) at_least(static_cast<double>(load.samples * kSamplePeriod) / running);
  // The last samples of a short trace may be missing in it: where a CPU profile tells more, it is right.
  const auto& cpu = input.readings.own<CodeLines>().cpu;
  if (cpu && cpu->busy.count >= kEnoughSamples) {
    if (const std::optional<double> cores = cpu->cores(cpu->busy.value))
      at_least(*cores * static_cast<double>(load.wall) / running);
  }
  return share;
}

double machine_share_during(const RuleInput& input, size_t trace, int64_t begin, int64_t end) {
  // Around a short span, so that a sample more or less does not decide.
  constexpr int64_t kAround = 4 * kSamplePeriod;
  const auto& load = input.readings.own<TraceLoad>();
  const double whole = machine_share(input).value_or(1);
  if (load.samples < kEnoughSamples) return whole;
  const model::Timeline& timeline = *input.facts.traces[trace].timeline;
  begin = std::max<int64_t>(0, begin - kAround);
  end = std::min(timeline.end, end + kAround);
  const double running = load.traces[trace].during(begin, end).goroutines;
  if (running < 2 * kSamplePeriod) return whole;
  const auto& samples = timeline.cpu_samples;
  const auto first = std::ranges::lower_bound(samples, begin, {}, &model::CpuSample::time);
  const auto last = std::ranges::upper_bound(samples, end, {}, &model::CpuSample::time);
  return std::min(whole, static_cast<double>((last - first) * kSamplePeriod) / running);
}

}  // namespace edp::analyse::go
