#include "runner/view/trace/wait_profile.h"

#include <algorithm>
#include <array>
#include <map>

namespace edp::view {

using model::GoCause;
using model::GoSlice;
using model::GoState;
using model::kNone;
using model::Timeline;

namespace {

constexpr std::array<std::string_view, 4> kNames = {"net", "sync", "syscall", "sched"};

// When a goroutine is taken to be there: from its first run on, to its end.
struct Span {
  int64_t begin = 0, end = INT64_MAX;
};

struct Total {
  int64_t count = 0, time = 0;
  int64_t last = -1;  // when it was last added to
};

class Summer {
 public:
  Summer(const Timeline& timeline, WaitKind kind, const SliceFilter& filter)
      : timeline_(timeline), kind_(kind), filter_(filter) {}

  std::vector<Total> run() {
    totals_.resize(timeline_.stack_count() + 1);  // the last is of no stack
    for (uint32_t i = 0; i < timeline_.goroutines.size(); ++i) {
      if (filter_.takes_goroutine(i)) add(i);
    }
    return std::move(totals_);
  }

 private:
  [[nodiscard]] bool is_reason(uint32_t reason) {
    if (kind_ == WaitKind::kSyscall || kind_ == WaitKind::kSched) return true;
    if (reason == kNone) return false;
    if (reason >= reasons_.size()) reasons_.resize(timeline_.text_count());
    if (!reasons_[reason]) {
      const std::string_view text = timeline_.text(reason);
      const auto has = [text](std::string_view word) { return text.find(word) != std::string_view::npos; };
      reasons_[reason] =
          kind_ == WaitKind::kNet ? text == "network" : has("chan") || has("sync") || has("select");
    }
    return *reasons_[reason];
  }

  [[nodiscard]] bool is_state(GoState state) const {
    switch (kind_) {
      case WaitKind::kSyscall:
        return state == GoState::kSyscall;
      case WaitKind::kSched:
        return state == GoState::kRunnable;
      default:
        return state == GoState::kWaiting;
    }
  }

  // A goroutine that comes back under its id counts with its last life.
  Span span_of(uint32_t goroutine) const {
    Span span;
    bool ran = false;
    bool was_there = false;
    for (const GoSlice& slice : timeline_.slices(goroutine)) {
      if (!was_there || (slice.cause == GoCause::kCreate || slice.cause == GoCause::kCreateSyscall)) {
        span = {};
        ran = false;
        was_there = true;
      }
      if (slice.state == GoState::kRunning && !ran) {
        span.begin = slice.begin;
        ran = true;
      }
      const bool forever = slice.state == GoState::kWaiting && timeline_.text(slice.reason) == "forever";
      if (slice.state == GoState::kNotExist || forever) span.end = slice.begin;
    }
    return span;
  }

  void add(uint32_t goroutine) {
    const Span span = span_of(goroutine);
    GoSlice last;
    bool any = false;
    for (const GoSlice& slice : timeline_.slices(goroutine)) {
      if (any) add(last, span);
      last = slice;
      any = true;
    }  // the last one has no end in the trace
  }

  void add(const GoSlice& slice, const Span& span) {
    if (!is_state(slice.state) || !is_reason(slice.reason) || !filter_.takes(slice)) return;
    const int64_t time = std::min(slice.end, span.end) - std::max(slice.begin, span.begin);
    if (time <= 0) return;
    const uint32_t stack = slice.event_stack();
    Total& total = totals_[stack == kNone ? totals_.size() - 1 : stack];
    ++total.count;
    total.time += time;
    total.last = std::max(total.last, slice.end);
  }

  const Timeline& timeline_;
  WaitKind kind_;
  const SliceFilter& filter_;
  std::vector<Total> totals_;
  std::vector<std::optional<bool>> reasons_;
};

// Locations are program counters, as `go tool trace` has them; the first frame of one counts.
class ProfileBuilder {
 public:
  explicit ProfileBuilder(const Timeline& timeline) : timeline_(timeline) {
    profile_.sample_types = {{"contentions", "count"}, {"delay", "nanoseconds"}};
    profile_.period_type = {"trace", "count"};
    profile_.period = 1;
  }

  model::Profile run(const std::vector<Total>& totals) {
    // Stacks with the same counters are one, and stand for the one seen last. Counters of 0 at the root don't
    // count, so no stack at all is the same as one of nothing but unknown frames.
    struct Sum {
      Total total;
      uint32_t stack = kNone;
    };
    std::map<std::vector<uint64_t>, Sum> sums;
    for (size_t i = 0; i < totals.size(); ++i) {
      if (totals[i].count == 0) continue;
      const uint32_t stack = i + 1 == totals.size() ? kNone : static_cast<uint32_t>(i);
      std::vector<uint64_t> counters;
      for (const uint32_t frame : timeline_.stack(stack)) counters.push_back(timeline_.frames[frame].pc);
      while (!counters.empty() && counters.back() == 0) counters.pop_back();
      Sum& sum = sums[counters];
      if (totals[i].last > sum.total.last) sum.stack = stack;
      sum.total.count += totals[i].count;
      sum.total.time += totals[i].time;
      sum.total.last = std::max(sum.total.last, totals[i].last);
    }
    for (const auto& [counters, sum] : sums) {
      for (const uint32_t frame : timeline_.stack(sum.stack)) {
        profile_.sample_locations.push_back(location(timeline_.frames[frame]));
      }
      profile_.location_ends.push_back(profile_.sample_locations.size());
      profile_.values.insert(profile_.values.end(), {sum.total.count, sum.total.time});
    }
    return std::move(profile_);
  }

 private:
  uint32_t location(const model::TraceFrame& frame) {
    const auto [known, is_new] =
        locations_.try_emplace(frame.pc, static_cast<uint32_t>(profile_.locations.size()));
    if (is_new) {
      model::Location location;
      location.id = profile_.locations.size() + 1;
      location.address = frame.pc;
      location.first_line = static_cast<uint32_t>(profile_.lines.size());
      location.line_count = 1;
      profile_.locations.push_back(location);
      profile_.lines.push_back({.function = function(frame), .line = frame.line});
    }
    return known->second;
  }

  uint32_t function(const model::TraceFrame& frame) {
    const uint64_t key = uint64_t{frame.function} << 32 | frame.file;
    const auto [known, is_new] =
        functions_.try_emplace(key, static_cast<uint32_t>(profile_.functions.size()));
    if (is_new) {
      model::Function function;
      function.id = profile_.functions.size() + 1;
      function.name = function.system_name = timeline_.text(frame.function);
      function.file = timeline_.text(frame.file);
      profile_.functions.push_back(function);
    }
    return known->second;
  }

  const Timeline& timeline_;
  model::Profile profile_;
  std::map<uint64_t, uint32_t> locations_, functions_;
};

}  // namespace

std::optional<WaitKind> wait_kind(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<WaitKind>(found - kNames.begin());
}

model::Profile wait_profile(const Timeline& timeline, WaitKind kind, const SliceFilter& filter) {
  return ProfileBuilder(timeline).run(Summer(timeline, kind, filter).run());
}

}  // namespace edp::view
