// One snapshot of the Go runtime's memory figures. Names and meaning are those of runtime.MemStats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace edp::model {

struct MemoryStats {
  std::string artefact;  // the collector's artefact it came from
  double taken_at = 0;   // seconds since the run began
  // Bytes, unless the name says otherwise; unset where the source does not tell.
  std::optional<uint64_t> alloc, total_alloc, sys;
  std::optional<uint64_t> mallocs, frees;  // counts of objects since the start of the process
  std::optional<uint64_t> heap_alloc, heap_sys, heap_idle, heap_inuse, heap_released, heap_objects;
  std::optional<uint64_t> stack_inuse, next_gc;
  std::optional<uint64_t> gc_count, gc_pause_total_ns;
  std::optional<double> gc_cpu_fraction;  // 0..1 of the process's CPU time since its start
  std::optional<uint64_t> goroutines, gomaxprocs;
  std::string go_version;  // "go1.23.12" where the source tells
};

}  // namespace edp::model
