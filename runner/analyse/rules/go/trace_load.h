// How busy a trace's processors are, and with what: what a goroutine that wants one has to wait for.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runner/analyse/rule.h"
#include "runner/model/timeline.h"

namespace edp::analyse::go {

// Processor time by use, over the timeline cut into slots of equal length. All in nanoseconds.
class ProcessorLoad {
 public:
  explicit ProcessorLoad(const model::Timeline& timeline);

  struct Use {
    double goroutines = 0, gc_workers = 0;  // processor time
    double capacity = 0;                    // of all processors that Go may use
    double stopped = 0;                     // wall time in which the world was stopped
    double traced = 0;                      // the same, by the tracer itself
    double wall = 0;
    void add(const Use& other);
  };
  [[nodiscard]] Use during(int64_t begin, int64_t end) const;

  [[nodiscard]] uint64_t processors() const { return processors_; }
  // Sums over the whole trace, without the collector's workers: time in which goroutines ran, and in which
  // they were ready to.
  [[nodiscard]] int64_t running() const { return running_; }
  [[nodiscard]] int64_t runnable() const { return runnable_; }

 private:
  void spread(std::vector<double>& slots, int64_t begin, int64_t end) const;

  int64_t slot_ = 1;
  int64_t end_ = 0;
  uint64_t processors_ = 1;
  int64_t running_ = 0, runnable_ = 0;
  std::vector<double> goroutines_, gc_workers_, stopped_, traced_;  // running sums by slot
};

// A goroutine that marks for the collector in the background.
bool is_gc_worker(const model::Timeline& timeline, uint32_t goroutine);

// All traces of a run together; a reading for Readings::own().
struct TraceLoad {
  explicit TraceLoad(const model::Facts& facts);

  std::vector<ProcessorLoad> traces;
  int64_t running = 0, runnable = 0, wall = 0;
  int64_t samples = 0;  // CPU samples, without the collector's workers
  uint64_t processors = 1;

  // Goroutines that run or want to, on average.
  [[nodiscard]] double demand() const;
};

// The part of the time "running" in which the machine gave the threads a CPU: CPU samples, in the traces or
// in the run's CPU profile, against the time that the traces call running. Unset where there are too few
// samples.
std::optional<double> machine_share(const RuleInput& input);

// The same around a span of one trace, at most machine_share(): the machine may have stood still just then.
// Equal to it where the traces hold too few samples, or too little ran. 1 where neither is known.
double machine_share_during(const RuleInput& input, size_t trace, int64_t begin, int64_t end);

}  // namespace edp::analyse::go
