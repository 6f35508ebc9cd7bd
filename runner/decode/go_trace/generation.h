// One generation as it is collected: the batches of each thread, and the tables that all of them refer to.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "runner/decode/go_trace/batch.h"

namespace edp::decode::go_trace {

// Ticks of the trace's clock to nanoseconds, as Go rounds them.
class Clock {
 public:
  void set_frequency(uint64_t ticks_per_second) {
    ns_per_tick_ = 1.0 / (static_cast<double>(ticks_per_second) / 1e9);
    const bool whole = ns_per_tick_ >= 1 && ns_per_tick_ <= 1000 && ns_per_tick_ == std::floor(ns_per_tick_);
    whole_ = whole ? static_cast<uint64_t>(ns_per_tick_) : 0;
  }
  [[nodiscard]] bool known() const { return ns_per_tick_ != 0; }
  [[nodiscard]] int64_t ns(uint64_t ticks) const {
    if (whole_ != 0 && ticks < kExact) return static_cast<int64_t>(ticks * whole_);
    const double ns = static_cast<double>(ticks) * ns_per_tick_;
    return ns < 9.2e18 ? static_cast<int64_t>(ns) : INT64_MIN;
  }

 private:
  static constexpr uint64_t kExact = uint64_t{1} << 43;  // what a double holds exactly, divided by 1000
  double ns_per_tick_ = 0;
  uint64_t whole_ = 0;
};

struct Batch {
  const Byte* begin = nullptr;
  uint32_t size = 0;
  uint64_t time = 0;
  uint64_t offset = 0;  // of its header in the trace
};

struct ThreadBatches {
  int64_t thread = kNoId;
  std::vector<Batch> batches;
};

struct RawCpuSample {
  uint64_t ticks = 0;
  int64_t time = 0, thread = kNoId, proc = kNoId;
  uint64_t goroutine = 0, stack = 0;
};

class Generation {
 public:
  explicit Generation(int go_minor) : go_minor_(go_minor) {}

  void begin(uint64_t new_number, uint64_t new_offset);
  // An error where the batch can't be read; what could be read of it is kept.
  std::string add(const BatchHeader& header, std::string_view payload, uint64_t batch_offset);
  // When all is there: converts times, and names what tables lack. An empty string where nothing is wrong.
  std::string finish();

  uint64_t number = 0;  // 0: none is under way
  uint64_t offset = 0;
  uint64_t first_tick = 0;
  bool complete = true;  // false: something of it is missing
  Clock clock;
  bool has_snapshot = false;
  uint64_t snapshot_ticks = 0;
  model::ClockSnapshot snapshot;
  std::vector<ThreadBatches> threads;  // in order of their first batch
  std::vector<RawCpuSample> cpu_samples;
  Tables tables;

 private:
  std::string add_texts(ByteReader bytes);
  std::string add_stacks(ByteReader bytes);
  std::string add_cpu_samples(ByteReader bytes);
  std::string add_sync(ByteReader bytes, uint64_t time);

  int go_minor_;
  BatchStore store_;
  IdMap<size_t> thread_index_;
};

}  // namespace edp::decode::go_trace
