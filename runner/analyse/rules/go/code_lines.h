// What the lines of a program cost around maps and allocation: readings that the map and heap rules share.
//
// Go's heap profiles hide the runtime's frames at the leaf (runtime/pprof/protomem.go): the allocations of a
// map that grows and of a value made for it look alike, both end at the user's line. So what a line allocates
// is told by the CPU profile, which has all frames, and by the sizes, which heap profiles carry in the label
// "bytes" (see doubling.h).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/analyse/rules/go/code_stack.h"
#include "runner/analyse/sites.h"
#include "runner/model/facts.h"
#include "runner/model/finding.h"

namespace edp::analyse::go {

struct CodeLine {
  std::string_view function, file;
  int64_t line = 0;
  auto operator<=>(const CodeLine&) const = default;
  [[nodiscard]] bool empty() const { return function.empty(); }
  [[nodiscard]] model::SourceLocation location(std::string role) const;
};

// The line that asked, and the user's line behind it. They are the same unless the standard library asked
// (encoding/json filling a map): then `user` is the nearest frame that is not the library's, empty where
// there is none.
struct Caller {
  CodeLine place, user;
  std::string_view library;  // the library's package that the user's line called: "encoding/json"
  auto operator<=>(const Caller&) const = default;
  [[nodiscard]] bool in_library() const { return place != user; }
};

std::string_view to_string(AllocKind kind);  // "new objects", "values boxed in interfaces", ...

// Values are nanoseconds of CPU, counts are ticks of the profiler.
struct CpuLine {
  Caller caller;
  Figure assign;   // map assignments without growth
  Figure growth;   // growth of maps, whichever operation sets it off
  Figure iterate;  // the iterator alone, not the body of the loop
  Figure access;
  // Where `assign` goes. What is left is walking the table: mostly waiting for memory.
  int64_t assign_hashing = 0, assign_comparing = 0, assign_copying = 0, assign_allocating = 0;
  bool assign_generic = false;  // the key's type has no fast variant of mapassign
  int64_t growth_allocating = 0;
  bool splits = false;          // swiss: a table of 1,024 slots was split
  bool sync_map_store = false;  // the line stores into a sync.Map
  std::array<int64_t, static_cast<size_t>(AllocKind::kCount)> allocating{};  // outside map operations

  [[nodiscard]] int64_t allocating_total() const;
  // A share of `assign` in percent.
  [[nodiscard]] double assign_percent(int64_t part) const;
};

// The CPU profile. Idle GC workers run on cores that nobody else wants: they are no cost, and left out of
// `busy` and of `gc`.
struct CpuReading {
  const model::ProfileFact* fact = nullptr;
  Figure busy;
  double window_seconds = 0;  // 0 where unknown
  int64_t gc_background = 0, gc_assist = 0, gc_sweep = 0, gc_barrier = 0;
  int64_t gc_idle = 0;
  int64_t allocating = 0;  // by anything, anywhere
  // False where the target's Go does not tell idle marking from other (before 1.22): `gc_background` is then
  // an upper bound.
  bool gc_idle_told = true;
  std::vector<CpuLine> lines;  // by caller, ascending

  [[nodiscard]] int64_t gc() const { return gc_background + gc_assist + gc_sweep + gc_barrier; }
  [[nodiscard]] double percent(int64_t nanoseconds) const;  // of busy
  // CPU seconds a second; unset where the window is unknown.
  [[nodiscard]] std::optional<double> cores(int64_t nanoseconds) const;
  [[nodiscard]] const CpuLine* find(const Caller& caller) const;
};

struct SizeFigures {
  int64_t size = 0;  // of one object
  int64_t alloc_objects = 0, alloc_bytes = 0, inuse_objects = 0, inuse_bytes = 0;
  void add(const SizeFigures& other);  // the figures, not the size
};

struct HeapLine {
  Caller caller;
  bool sync_map = false;        // allocated by a sync.Map itself, on behalf of the line
  bool sync_map_store = false;  // and it was storing
  // Lines that `caller.place` was inlined into, with what they allocate through it.
  std::vector<std::pair<CodeLine, SizeFigures>> inlined_into;
  std::vector<SizeFigures> sizes;  // ascending
  SizeFigures total;               // size unused
};

// A heap or allocs profile, or the delta of one.
struct HeapReading {
  const model::ProfileFact* fact = nullptr;
  double window_seconds = 0;  // of a delta; 0 where the figures are since the start
  int64_t rate = 0;           // bytes between two samples, on average
  SizeFigures total;
  std::vector<HeapLine> lines;  // by caller, ascending

  // How many sampled objects stand behind a figure: the inverse of the scaling that the Go runtime does.
  [[nodiscard]] double sampled(const SizeFigures& figures) const;
  [[nodiscard]] const HeapLine* find(const Caller& caller) const;
};

CpuReading read_cpu(const model::ProfileFact& fact);
HeapReading read_heap(const model::ProfileFact& fact);

// The readings of a target's profiles. Rules get them by input.readings.own<CodeLines>(), made once for all.
struct CodeLines {
  explicit CodeLines(const model::Facts& facts);

  std::optional<CpuReading> cpu;             // the last CPU profile
  std::optional<HeapReading> window_allocs;  // the last delta of allocs, else of heap
  std::optional<HeapReading> allocs;         // since the start of the process: allocs, else heap
  std::optional<HeapReading> heap;           // what is in use: heap, else allocs
};

}  // namespace edp::analyse::go
