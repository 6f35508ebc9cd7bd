// The first pass: where batches are, and the tables.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "runner/decode/go_trace/one_stream_wire.h"
#include "runner/decode/go_trace/tables.h"

namespace edp::decode::go_trace::v1 {

struct Batch {
  const Byte* begin = nullptr;  // behind the header
  const Byte* end = nullptr;
  uint64_t ticks = 0;
};

struct ProcBatches {
  int64_t proc = -1;
  std::vector<Batch> batches;
};

struct CpuSample {
  uint64_t ticks = 0, goroutine = 0;
  int64_t proc = -1;
  uint32_t stack = 0;
};

struct Index {
  std::vector<ProcBatches> procs;  // in order of processors
  std::vector<CpuSample> samples;  // in order of time
  IdMap<bool> timer_goroutines;
  uint64_t ticks_per_second = 0;
  Tables tables;
  std::vector<std::string> problems;
};

Index make_index(std::string_view bytes);

}  // namespace edp::decode::go_trace::v1
