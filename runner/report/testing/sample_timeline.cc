#include "runner/report/testing/sample_timeline.h"

#include <algorithm>
#include <deque>
#include <queue>
#include <string>
#include <vector>

#include "runner/model/timeline_builder.h"

namespace edp::report::testing {
namespace {

using model::GoCause;
using model::GoState;
using model::kNone;
using model::RangeKind;

constexpr int64_t kMicro = 1000, kMilli = 1'000'000;
constexpr int64_t kLongHold = 18 * kMilli;

class Simulation {
 public:
  explicit Simulation(const TimelineShape& shape)
      : shape_(shape), rounds_(shape.workers), region_begins_(shape.workers) {}

  model::Timeline run() {
    name_stacks();
    start();
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      now_ = std::max(now_ + 1, event.time);
      handle(event);
      if (now_ >= next_gc_) collect();
    }
    builder_.timeline().go_minor = 26;
    builder_.timeline().bytes = builder_.timeline().slice_count() * 5;
    return builder_.finish(now_ + 1);
  }

 private:
  enum class What : uint8_t { kLock, kUnlock, kSleep, kWake };
  struct Event {
    int64_t time;
    uint64_t order;
    uint32_t worker;
    What what;
    bool operator<(const Event& other) const {
      return time != other.time ? time > other.time : order > other.order;
    }
  };

  // The same numbers on every machine.
  int64_t random(int64_t below) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<int64_t>(state_ >> 33U) % below;
  }
  void after(int64_t wait, uint32_t worker, What what) {
    events_.push({now_ + std::max<int64_t>(wait, 1), order_++, worker, what});
  }

  struct Line {
    const char* function;
    const char* file;
    uint32_t line;
  };
  uint32_t stack(std::initializer_list<Line> lines) {
    std::vector<uint32_t> frames;
    for (const Line& line : lines) {
      frames.push_back(builder_.frame(
          {.function = builder_.text(line.function), .file = builder_.text(line.file), .line = line.line}));
    }
    return builder_.stack(frames);
  }
  void name_stacks() {
    const Line worker{"main.(*API).Quote", "/src/orders/api.go", 88};
    const Line put{"main.(*PriceCache).Put", "/src/orders/cache/price.go", 57};
    const Line unlock{"main.(*PriceCache).Put", "/src/orders/cache/price.go", 61};
    const Line sync_lock{"sync.(*Mutex).Lock", "/usr/local/go/src/sync/mutex.go", 46};
    const Line sync_unlock{"sync.(*Mutex).Unlock", "/usr/local/go/src/sync/mutex.go", 65};
    begin_ = stack({worker});
    lock_ = stack({sync_lock, put, worker});
    unlock_ = stack({sync_unlock, unlock, worker});
    sleep_ = stack({{"time.Sleep", "/usr/local/go/src/runtime/time.go", 363}, worker});
    grow_ = stack({{"runtime.growWork_faststr", "/usr/local/go/src/runtime/map_faststr.go", 399},
                   {"runtime.mapassign_faststr", "/usr/local/go/src/runtime/map_faststr.go", 205},
                   put,
                   worker});
    spawn_ = stack({{"main.main", "/src/orders/main.go", 21}});
  }

  void start() {
    for (uint32_t i = 0; i < shape_.procs; ++i) {
      builder_.add_proc(i);
      builder_.proc(i, now_++, model::ProcState::kRunning, builder_.thread(100 + i));
      free_procs_.push_back(i);
    }
    main_ = builder_.add_goroutine(1);
    builder_.go(
        main_,
        {.time = now_++, .state = GoState::kWaiting, .reason = builder_.text("select"), .stack = spawn_});
    for (uint32_t i = 0; i < shape_.workers; ++i) {
      const uint32_t goroutine = builder_.add_goroutine(17 + i);
      workers_.push_back(goroutine);
      proc_of_.push_back(kNone);
      now_ += 5 * kMicro;
      builder_.go(goroutine, {.time = now_,
                              .state = GoState::kRunnable,
                              .cause = GoCause::kCreate,
                              .stack = begin_,
                              .by = main_,
                              .by_stack = spawn_});
      ready_.push_back(i);
    }
    dispatch();
  }

  void dispatch() {
    while (!ready_.empty() && !free_procs_.empty()) {
      const uint32_t i = ready_.front();
      ready_.pop_front();
      proc_of_[i] = free_procs_.back();
      free_procs_.pop_back();
      begin_run(i);
    }
  }
  void begin_run(uint32_t i) {
    builder_.go(workers_[i],
                {.time = ++now_, .state = GoState::kRunning, .cause = GoCause::kStart, .proc = proc_of_[i]});
    if (owner_ == i) {
      hold(i);
    } else {
      after(10 * kMicro + random(60 * kMicro), i, What::kLock);
    }
  }
  void leave_proc(uint32_t i) {
    free_procs_.push_back(proc_of_[i]);
    proc_of_[i] = kNone;
    dispatch();
  }
  void hold(uint32_t i) {
    const bool is_long = i == 0 && rounds_[0] == shape_.rounds / 2;
    const int64_t time = is_long ? kLongHold : 2 * kMicro + random(8 * kMicro);
    for (int64_t at = 0; is_long && at < time; at += kMilli) {
      builder_.timeline().cpu_samples.push_back(
          {.time = now_ + at, .goroutine = workers_[i], .proc = proc_of_[i], .thread = 0, .stack = grow_});
    }
    after(time, i, What::kUnlock);
  }

  void handle(const Event& event) {
    const uint32_t i = event.worker;
    switch (event.what) {
      case What::kLock:
        region_begins_[i] = now_;
        if (owner_ == kNone) {
          owner_ = i;
          hold(i);
          break;
        }
        waiters_.push_back(i);
        builder_.go(workers_[i], {.time = now_,
                                  .state = GoState::kWaiting,
                                  .cause = GoCause::kBlock,
                                  .reason = builder_.text("sync"),
                                  .stack = lock_});
        leave_proc(i);
        break;
      case What::kUnlock:
        owner_ = kNone;
        if (!waiters_.empty()) {
          owner_ = waiters_.front();
          waiters_.pop_front();
          wake(owner_, workers_[i], unlock_);
        }
        builder_.range({.kind = RangeKind::kRegion,
                        .begin = region_begins_[i],
                        .end = now_,
                        .goroutine = workers_[i],
                        .text = builder_.text("put"),
                        .a = model::kNoTask});
        after(5 * kMicro + random(20 * kMicro), i, What::kSleep);
        break;
      case What::kSleep:
        if (++rounds_[i] >= shape_.rounds) {
          builder_.go(workers_[i], {.time = now_, .state = GoState::kNotExist, .cause = GoCause::kDestroy});
          leave_proc(i);
          break;
        }
        builder_.go(workers_[i], {.time = now_,
                                  .state = GoState::kWaiting,
                                  .cause = GoCause::kBlock,
                                  .reason = builder_.text("sleep"),
                                  .stack = sleep_});
        leave_proc(i);
        after(20 * kMicro + random(100 * kMicro), i, What::kWake);
        break;
      case What::kWake:
        wake(i, kNone, kNone);
        break;
    }
  }
  void wake(uint32_t i, uint32_t by, uint32_t by_stack) {
    builder_.go(workers_[i], {.time = ++now_,
                              .state = GoState::kRunnable,
                              .cause = GoCause::kUnblock,
                              .by = by,
                              .by_stack = by_stack});
    ready_.push_back(i);
    dispatch();
  }

  void collect() {
    model::Timeline& timeline = builder_.timeline();
    const int64_t begin = now_;
    constexpr uint64_t kMiB = 1 << 20;
    builder_.range({.kind = RangeKind::kStopTheWorld,
                    .begin = begin,
                    .end = begin + 60 * kMicro,
                    .goroutine = workers_[0],
                    .text = builder_.text("GC sweep termination")});
    builder_.range({.kind = RangeKind::kGcMark, .begin = begin + 60 * kMicro, .end = begin + kMilli});
    builder_.range({.kind = RangeKind::kMarkAssist,
                    .begin = begin + 200 * kMicro,
                    .end = begin + 500 * kMicro,
                    .goroutine = workers_.back()});
    builder_.range({.kind = RangeKind::kTask,
                    .begin = begin + 100 * kMicro,
                    .end = begin + 3 * kMilli,
                    .text = builder_.text("price update"),
                    .a = ++tasks_,
                    .b = model::kNoTask});
    builder_.range({.kind = RangeKind::kLog,
                    .begin = begin,
                    .end = begin,
                    .goroutine = workers_[0],
                    .text = builder_.text("shop"),
                    .a = tasks_,
                    .b = builder_.text("prices reloaded")});
    builder_.point(timeline.heap_live, begin, 90 * kMiB);
    builder_.point(timeline.heap_live, begin + kMilli, 40 * kMiB + tasks_ * 3 * kMiB);
    builder_.point(timeline.heap_goal, begin + kMilli, 100 * kMiB);
    next_gc_ = now_ + 5 * kMilli;
  }

  TimelineShape shape_;
  model::TimelineBuilder builder_;
  std::priority_queue<Event> events_;
  std::vector<uint32_t> workers_, proc_of_, free_procs_;
  std::vector<uint64_t> rounds_;
  std::vector<int64_t> region_begins_;
  std::deque<uint32_t> ready_, waiters_;
  uint32_t owner_ = kNone, main_ = 0;
  uint32_t begin_ = 0, lock_ = 0, unlock_ = 0, sleep_ = 0, grow_ = 0, spawn_ = 0;
  int64_t now_ = 0, next_gc_ = kMilli;
  uint64_t state_ = 1, order_ = 0, tasks_ = 0;
};

}  // namespace

model::Timeline sample_timeline(const TimelineShape& shape) { return Simulation(shape).run(); }

}  // namespace edp::report::testing
