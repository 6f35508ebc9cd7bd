#include "runner/report/timeline/detail.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ranges>
#include <tuple>

namespace edp::report {
namespace {

// Where merging may begin: from 1 ns to 19 hours.
constexpr double kStepsToDouble = 8;
constexpr int kSteps = 46 * 8;

// What the lane would have, up to a little above `limit`.
uint64_t count_kept(const model::Timeline& timeline, const SliceClasses& classes, const Detail& detail,
                    Merging merging, uint64_t limit) {
  uint64_t kept = 0;
  for (const uint32_t goroutine : detail.goroutines) {
    SliceMerger merger(
        merging, [&](const model::GoSlice&, SliceClass) { ++kept; }, [&](const MergedSlices&) { ++kept; });
    for (const model::GoSlice& slice : timeline.slices(goroutine)) {
      if (!is_end(slice, timeline)) merger.add(slice, classes.of(slice));
    }
    merger.flush();
    if (kept > limit) break;
  }
  return kept;
}

// The longest wait in each order of concern: for a lock, for anything else that should not be, for anything.
struct Longest {
  int64_t lock = 0, lost = 0, any = 0;
  [[nodiscard]] auto order() const { return std::tie(lock, lost, any); }
};

Longest longest(const model::Timeline& timeline, const SliceClasses& classes, uint32_t goroutine) {
  Longest found;
  for (const model::GoSlice& slice : timeline.slices(goroutine)) {
    int64_t* place = nullptr;
    switch (classes.of(slice)) {
      case SliceClass::kLock:
        place = &found.lock;
        break;
      case SliceClass::kRunnable:
      case SliceClass::kSyscall:
      case SliceClass::kGc:
        place = &found.lost;
        break;
      case SliceClass::kRunning:
      case SliceClass::kChannel:
      case SliceClass::kIdle:
        place = &found.any;
        break;
      case SliceClass::kNone:
        continue;
    }
    *place = std::max(*place, slice.duration());
  }
  return found;
}

}  // namespace

SliceClasses::SliceClasses(const model::Timeline& timeline) {
  waits_.reserve(timeline.text_count());
  for (uint32_t i = 0; i < timeline.text_count(); ++i) {
    waits_.push_back(slice_class(model::GoState::kWaiting, timeline.text(i)));
  }
  wait_groups_.reserve(timeline.stack_count());
  for (uint32_t i = 0; i < timeline.stack_count(); ++i) {
    wait_groups_.push_back(std::ranges::any_of(timeline.stack(i), [&](uint32_t frame) {
      return timeline.text(timeline.frames[frame].function) == "sync.(*WaitGroup).Wait";
    }));
  }
}

Detail choose_detail(const model::Timeline& timeline, const SliceClasses& classes, uint64_t slices,
                     uint32_t lanes) {
  Detail detail;
  std::vector<Longest> waits;
  waits.reserve(timeline.goroutines.size());
  for (uint32_t i = 0; i < timeline.goroutines.size(); ++i) {
    waits.push_back(longest(timeline, classes, i));
    detail.lock_wait.push_back(waits.back().lock);
  }
  detail.goroutines.resize(timeline.goroutines.size());
  std::iota(detail.goroutines.begin(), detail.goroutines.end(), 0U);
  std::ranges::stable_sort(detail.goroutines,
                           [&](uint32_t a, uint32_t b) { return waits[a].order() > waits[b].order(); });
  if (detail.goroutines.size() > lanes) detail.goroutines.resize(lanes);

  if (timeline.slice_count() <= slices) return detail;
  // Half of the room is for merged ones.
  const double room = static_cast<double>(std::max<uint64_t>(slices / 2, 1));
  const auto share = static_cast<double>(detail.goroutines.size()) / room;
  detail.merging.step = static_cast<int64_t>(static_cast<double>(timeline.end) * share) + 1;
  const auto below = [](int i) { return static_cast<int64_t>(std::exp2(i / kStepsToDouble)); };
  const auto too_many = [&](int i) {
    return count_kept(timeline, classes, detail, {below(i), detail.merging.step}, slices) > slices;
  };
  detail.merging.below = below(*std::ranges::partition_point(std::views::iota(0, kSteps), too_many));
  return detail;
}

}  // namespace edp::report
