// How busy a trace's processors are, and with what: what a goroutine that wants one has to wait for.
#pragma once

#include <cstdint>
#include <vector>

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
  std::vector<double> goroutines_, gc_workers_, stopped_;  // running sums by slot
};

// A goroutine that marks for the collector in the background.
bool is_gc_worker(const model::Timeline& timeline, uint32_t goroutine);

}  // namespace edp::analyse::go
