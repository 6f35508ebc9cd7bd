// An execution trace as neutral facts: what every goroutine and processor did, when, why, and who made it so.
//
// A trace of 100 MB holds tens of millions of events, so what happens often is kept as streams of a few bytes
// an event (trace_stream.h), and is read through forward iterators: slices(), proc_slices(), ranges(),
// Series. The rest is columns of small structs. Text, frames and stacks are interned over the whole trace:
// equal indices mean equal content, and kNone means "none".
//
// All times are nanoseconds since the trace began (`start_ns` on the trace's own clock). No two events have
// the same time. All indices have been checked: readers need no bounds checks of their own.
//
// A goroutine that waits for a lock, as its slices tell it:
//   running  0.0-1.2 ms  proc 3
//   waiting  1.2-19.1 ms reason "sync", stack = where it stands in Lock
//   runnable 19.1-19.3 ms by = the goroutine that called Unlock, by_stack = where that one stood
//   running  19.3-...
// So "waited 17.9 ms at line L, then 0.2 ms for a processor; let go by H, which stood at S". Who held the
// lock meanwhile is not in a trace: the one who let go is the last holder, and its own slices before that
// moment, with cpu_samples, tell what it did.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runner/model/profile.h"
#include "runner/model/trace_stream.h"

namespace edp::model {

enum class GoState : uint8_t { kUndetermined, kNotExist, kRunnable, kRunning, kWaiting, kSyscall };
std::string_view to_string(GoState state);  // "undetermined", "not_exist", "runnable", "running", ...
std::optional<GoState> go_state(std::string_view name);

// What began a slice.
enum class GoCause : uint8_t {
  kStatus,           // seen in this state: it has been so since before the trace (or a gap) began
  kCreate,           // by = creator; stack = the function it will run; by_stack = the `go` statement
  kCreateSyscall,    // a thread of C calls into Go
  kStart,            // got a processor
  kStop,             // gave its processor up, or was preempted: see reason
  kBlock,            // see reason
  kUnblock,          // by, by_stack
  kSyscallBegin,     // stack = where the system call is made
  kSyscallEnd,       // and kept its processor
  kSyscallEndBlock,  // but had lost its processor meanwhile
  kDestroy,          // returned
  kDestroySyscall,   // the thread of C went back
  kLost,             // a part of the trace is broken: nothing is known from here to the next slice
};
std::string_view to_string(GoCause cause);

// One state of one goroutine.
struct GoSlice {
  int64_t begin = 0, end = 0;  // `end` is the next slice's begin, or the timeline's end
  GoState state = GoState::kUndetermined;
  GoCause cause = GoCause::kStatus;
  // kWaiting, kRunnable after kStop: "sync", "chan receive", "select", "network", "sleep", "preempted",
  // "sync.(*Cond).Wait", "GC mark assist wait for work", "forever", ... as the runtime words it; else kNone.
  uint32_t reason = kNone;
  uint32_t stack = kNone;     // where the goroutine itself stood when it came into this state, where told
  uint32_t by = kNone;        // goroutine that brought it about; kNone: none did (timer, network, runtime)
  uint32_t by_stack = kNone;  // where that one stood; also without `by` where the runtime tells a stack
  uint32_t proc = kNone;      // kRunning, kSyscall: the processor it has (or had as the call began)

  [[nodiscard]] int64_t duration() const { return end - begin; }
  // The stack that `go tool trace` counts this state under.
  [[nodiscard]] uint32_t event_stack() const {
    return cause == GoCause::kCreate || cause == GoCause::kUnblock ? by_stack : stack;
  }
};

struct TraceGoroutine {
  uint64_t id = 0;
  uint32_t function = kNone;  // text: the function it runs ("main.worker"); kNone where no event tells it
  trace_stream::Place stream = trace_stream::kNowhere;
};

enum class ProcState : uint8_t { kUndetermined, kNotExist, kRunning, kIdle };

struct ProcSlice {
  int64_t begin = 0, end = 0;
  ProcState state = ProcState::kUndetermined;
  uint32_t thread = kNone;  // kRunning: index into Timeline::threads
};

struct TraceProc {
  uint64_t id = 0;
  trace_stream::Place stream = trace_stream::kNowhere;
};

struct TraceFrame {
  uint64_t pc = 0;
  uint32_t function = kNone, file = kNone;  // text
  uint32_t line = 0;
};

// Spans of time beside the states, and single moments (end == begin).
enum class RangeKind : uint8_t {
  kGcMark,        // the concurrent mark phase; of the whole process
  kStopTheWorld,  // goroutine stops it; text = why ("GC mark termination", "read mem stats", ...)
  kSweep,         // proc, goroutine where known; a = bytes swept, b = bytes reclaimed
  kMarkAssist,    // goroutine has to help the collector before it may allocate
  kTask,          // runtime/trace.Task: a = id, b = parent (kNoTask: none), text = type
  kRegion,        // runtime/trace.Region: goroutine, a = task, text = type
  kLog,           // runtime/trace.Log: a = task, text = category, b = message (text)
  kLabel,         // goroutine runs for the runtime as text ("GC (dedicated)", ...); a moment
};
inline constexpr size_t kRangeKinds = 8;
std::string_view to_string(RangeKind kind);  // "gc_mark", "stop_the_world", "sweep", ...
inline constexpr uint64_t kNoTask = UINT64_MAX;

struct TraceRange {
  RangeKind kind = RangeKind::kGcMark;
  bool begun_before = false;  // it was under way as the trace began, or its begin is not in the trace
  bool not_ended = false;     // its end is not in the trace; `end` is then the timeline's
  int64_t begin = 0, end = 0;
  uint32_t goroutine = kNone, proc = kNone;
  uint32_t text = kNone, stack = kNone;  // stack: where it began
  uint64_t a = 0, b = 0;
};

struct CpuSample {
  int64_t time = 0;
  uint32_t goroutine = kNone, proc = kNone, thread = kNone, stack = kNone;
};

// A figure over time.
class Series {
 public:
  struct Point {
    int64_t time = 0;
    uint64_t value = 0;
  };
  [[nodiscard]] uint64_t size() const { return size_; }

 private:
  friend class Timeline;
  friend class TimelineBuilder;
  trace_stream::Place stream_ = trace_stream::kNowhere;
  uint64_t size_ = 0;
};

struct TraceGeneration {
  uint64_t number = 0;  // the runtime's; 1 for a one-stream trace
  uint64_t offset = 0;  // in the file, inflated
  uint64_t events = 0;
  int64_t begin = 0, end = 0;
  bool broken = false;  // not all of it could be read: see problems
};

// The trace's clock held against others (Go 1.25 and later; one a generation).
struct ClockSnapshot {
  int64_t time = 0;
  int64_t wall_ns = 0;  // Unix nanoseconds
  uint64_t monotonic_ns = 0;
};

// Events by kind, as golang.org/x/exp/trace names them.
enum class EventKind : uint8_t {
  kSync,
  kMetric,
  kLabel,
  kStackSample,
  kRangeBegin,
  kRangeActive,
  kRangeEnd,
  kTaskBegin,
  kTaskEnd,
  kRegionBegin,
  kRegionEnd,
  kLog,
  kStateTransition,
  kExperimental,
};
inline constexpr size_t kEventKinds = 14;
std::string_view to_string(EventKind kind);  // "Sync", "Metric", "Label", "StackSample", ...

// A forward range over a stream: `for (const GoSlice& slice : timeline.slices(g))`. Cheap to make and to
// copy; the timeline must outlive it.
template <typename Item, typename Decoder>
class TraceItems {
 public:
  class Iterator {
   public:
    using value_type = Item;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(Decoder decoder) : decoder_(decoder) { ++*this; }
    const Item& operator*() const { return item_; }
    const Item* operator->() const { return &item_; }
    Iterator& operator++() {
      done_ = !decoder_.next(item_);
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return done_; }

   private:
    Decoder decoder_;
    Item item_;
    bool done_ = true;
  };

  explicit TraceItems(Decoder decoder) : decoder_(decoder) {}
  [[nodiscard]] Iterator begin() const { return Iterator(decoder_); }
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

 private:
  Decoder decoder_;
};

class Timeline {
 public:
  class GoDecoder;
  class ProcDecoder;
  class RangeDecoder;
  class PointDecoder;
  using GoSlices = TraceItems<GoSlice, GoDecoder>;
  using ProcSlices = TraceItems<ProcSlice, ProcDecoder>;
  using Ranges = TraceItems<TraceRange, RangeDecoder>;
  using Points = TraceItems<Series::Point, PointDecoder>;

  // -- the trace
  int go_minor = 0;      // of the format: 19, 21, 22, 23, 25, 26. Go 1.20 writes 19, Go 1.24 writes 23
  int64_t start_ns = 0;  // what time 0 is on the trace's clock
  int64_t end = 0;       // time of the last event
  uint64_t bytes = 0;    // of the trace, inflated
  std::array<uint64_t, kEventKinds> events{};
  std::vector<TraceGeneration> generations;
  std::vector<ClockSnapshot> clocks;
  std::vector<std::string> problems;  // what could not be read, with generation and offset

  // -- who
  std::vector<TraceGoroutine> goroutines;  // in order of first appearance
  std::vector<TraceProc> procs;
  std::vector<uint64_t> threads;  // ids as the operating system's

  // -- what lay beside
  std::vector<CpuSample> cpu_samples;  // in order of time
  Series heap_live, heap_goal, gomaxprocs;

  // -- tables
  std::vector<TraceFrame> frames;
  [[nodiscard]] std::string_view text(uint32_t i) const;  // kNone: empty
  // Frames, leaf first; none for kNone.
  [[nodiscard]] std::span<const uint32_t> stack(uint32_t i) const;
  [[nodiscard]] size_t text_count() const { return text_ends_.size(); }
  // Every text in turn becomes what `change` makes of it; indices stay.
  void change_texts(const std::function<std::string(std::string_view)>& change);
  [[nodiscard]] size_t stack_count() const { return stack_ends_.size(); }

  // -- streams; each call begins anew. A goroutine's slices are in order of time and leave no gap from its
  // first appearance to the timeline's end; a goroutine that has ended closes with a kNotExist slice.
  [[nodiscard]] GoSlices slices(uint32_t goroutine) const;
  [[nodiscard]] ProcSlices proc_slices(uint32_t proc) const;
  [[nodiscard]] Ranges ranges() const;  // of all kinds, in order of their end
  [[nodiscard]] Points points(const Series& series) const;
  // Of one kind, in order of begin.
  [[nodiscard]] std::vector<TraceRange> ranges(RangeKind kind) const;
  [[nodiscard]] uint64_t range_count(RangeKind kind) const {
    return range_counts_[static_cast<size_t>(kind)];
  }

  // Index of the goroutine with the runtime's id, or kNone, found by looking at all; and of the processor.
  [[nodiscard]] uint32_t find_goroutine(uint64_t id) const;
  [[nodiscard]] uint32_t find_proc(uint64_t id) const;

  [[nodiscard]] uint64_t slice_count() const { return slice_count_; }  // of all goroutines
  [[nodiscard]] uint64_t event_count() const;
  // Unix nanoseconds of a time, where the trace tells the wall clock.
  [[nodiscard]] std::optional<int64_t> wall_ns(int64_t time) const;
  // Bytes of memory that all this takes.
  [[nodiscard]] uint64_t memory() const;

 private:
  friend class TimelineBuilder;
  template <typename Decoder, typename Slice>
  static bool next_slice(Decoder& decoder, Slice& slice);

  // What recurs: slices name it by index.
  struct GoShape {
    GoState state;
    GoCause cause;
    uint32_t reason, stack, by_stack, proc;
  };
  struct RangeShape {
    RangeKind kind;
    bool begun_before, not_ended;
    uint32_t text, stack;
  };

  trace_stream::Arena arena_;
  std::vector<GoShape> go_shapes_;
  std::vector<RangeShape> range_shapes_;
  trace_stream::Place ranges_ = trace_stream::kNowhere;
  std::array<uint64_t, kRangeKinds> range_counts_{};
  uint64_t slice_count_ = 0;
  std::string text_;
  std::vector<uint64_t> text_ends_;
  std::vector<uint32_t> stack_frames_;
  std::vector<uint64_t> stack_ends_;
};

class Timeline::GoDecoder {
 public:
  GoDecoder() = default;
  GoDecoder(const Timeline& timeline, trace_stream::Place first);
  bool next(GoSlice& slice);

 private:
  friend class Timeline;
  void read();

  const Timeline* timeline_ = nullptr;
  trace_stream::Reader reader_;
  GoSlice ahead_;
  uint32_t by_ = kNone, proc_ = kNone;
  bool any_ = false;
};

class Timeline::ProcDecoder {
 public:
  ProcDecoder() = default;
  ProcDecoder(const Timeline& timeline, trace_stream::Place first);
  bool next(ProcSlice& slice);

 private:
  friend class Timeline;
  void read();

  const Timeline* timeline_ = nullptr;
  trace_stream::Reader reader_;
  ProcSlice ahead_;
  bool any_ = false;
};

class Timeline::RangeDecoder {
 public:
  RangeDecoder() = default;
  explicit RangeDecoder(const Timeline& timeline);
  bool next(TraceRange& range);

 private:
  const Timeline* timeline_ = nullptr;
  trace_stream::Reader reader_;
  TraceRange last_;
};

class Timeline::PointDecoder {
 public:
  PointDecoder() = default;
  PointDecoder(const Timeline& timeline, trace_stream::Place first);
  bool next(Series::Point& point);

 private:
  trace_stream::Reader reader_;
  Series::Point last_;
};

}  // namespace edp::model
