#include "runner/report/timeline/encode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "runner/model/timeline_builder.h"
#include "runner/report/testing/page_columns.h"
#include "runner/report/testing/sample_timeline.h"
#include "runner/report/timeline/occupancy.h"
#include "runner/report/timeline/slice_class.h"

namespace edp::report {
namespace {

using model::GoCause;
using model::GoState;
using model::kNone;
using ::testing::ElementsAre;
using testing::PageColumns;
using testing::PageLane;
using testing::PageSlice;
using ::testing::SizeIs;

PageColumns columns_of(const model::Timeline& timeline, const TimelineLimits& limits = {}) {
  return testing::read_columns(encode_timeline(timeline, limits).columns);
}

std::vector<std::string> words(const model::Timeline& timeline, uint32_t stack) {
  std::vector<std::string> words;
  for (const uint32_t each : timeline.stack(stack)) {
    const model::TraceFrame& frame = timeline.frames[each];
    words.push_back(std::string(timeline.text(frame.function)) + " " +
                    std::string(timeline.text(frame.file)) + ":" + std::to_string(frame.line));
  }
  return words;
}

const PageLane* lane_of(const PageColumns& page, uint64_t id) {
  const auto found = std::ranges::find(page.lanes, id, &PageLane::id);
  return found == page.lanes.end() ? nullptr : &*found;
}

TEST(TimelineColumns, HoldEverySliceOfASmallTrace) {
  const model::Timeline timeline = testing::sample_timeline();
  const PageColumns page = columns_of(timeline);
  EXPECT_TRUE(page.at_end);
  ASSERT_THAT(page.lanes, SizeIs(timeline.goroutines.size()));
  for (uint32_t i = 0; i < timeline.goroutines.size(); ++i) {
    const PageLane* lane = lane_of(page, timeline.goroutines[i].id);
    ASSERT_NE(lane, nullptr);
    EXPECT_EQ(lane->function, timeline.text(timeline.goroutines[i].function));
    EXPECT_EQ(page.groups.at(lane->group).function, lane->function);
    int64_t time = lane->begin;
    size_t at = 0;
    for (const model::GoSlice& slice : timeline.slices(i)) {
      if (slice.state == GoState::kNotExist) break;
      ASSERT_LT(at, lane->slices.size());
      const PageSlice& shown = lane->slices[at++];
      EXPECT_EQ(time, slice.begin);
      EXPECT_EQ(shown.of, static_cast<uint8_t>(slice_class(slice.state, timeline.text(slice.reason))));
      EXPECT_EQ(shown.cause, static_cast<uint8_t>(slice.cause));
      EXPECT_EQ(shown.reason, timeline.text(slice.reason));
      EXPECT_EQ(shown.stack, words(timeline, slice.stack));
      EXPECT_EQ(shown.by_stack, words(timeline, slice.by_stack));
      EXPECT_EQ(shown.by, slice.by == kNone ? -1 : static_cast<int64_t>(timeline.goroutines[slice.by].id));
      EXPECT_EQ(shown.proc, slice.proc == kNone ? -1 : static_cast<int64_t>(slice.proc));
      time += static_cast<int64_t>(shown.duration);
      EXPECT_EQ(time, slice.end);
    }
    EXPECT_EQ(at, lane->slices.size());
  }
}

TEST(TimelineColumns, HoldWhatLiesBeside) {
  const model::Timeline timeline = testing::sample_timeline({.rounds = 60});
  const PageColumns page = columns_of(timeline);
  size_t ranges = 0;
  for (const model::TraceRange& range : timeline.ranges()) {
    ++ranges;
    const auto found = std::ranges::find_if(page.ranges, [&](const auto& each) {
      return each.begin == range.begin && each.kind == static_cast<uint64_t>(range.kind) &&
             each.duration == static_cast<uint64_t>(range.end - range.begin);
    });
    ASSERT_NE(found, page.ranges.end());
    EXPECT_EQ(found->text, timeline.text(range.text));
    if (range.kind == model::RangeKind::kLog) {
      EXPECT_EQ(page.texts.at(found->b), "prices reloaded");
    }
  }
  EXPECT_THAT(page.ranges, SizeIs(ranges));
  EXPECT_TRUE(std::ranges::is_sorted(page.ranges, {}, &testing::PageRange::begin));
  EXPECT_EQ(page.series[0].size(), timeline.heap_live.size());
  ASSERT_THAT(page.samples, SizeIs(18));
  EXPECT_EQ(page.samples[0].second, 17);
}

// What a lane shows of each class, whether slices are merged or not, adds up to the same time.
TEST(TimelineColumns, AboveTheLimitTheLongestStayAndTheRestIsMerged) {
  const model::Timeline timeline = testing::sample_timeline({.workers = 30, .rounds = 200});
  const TimelineLimits limits{.slices = 2000};
  const EncodedTimeline encoded = encode_timeline(timeline, limits);
  EXPECT_GT(encoded.merge_below, 0);
  EXPECT_LE(encoded.slices, limits.slices);
  EXPECT_GT(encoded.slices, limits.slices / 8);
  const PageColumns page = testing::read_columns(encoded.columns);
  EXPECT_TRUE(page.at_end);
  for (uint32_t i = 0; i < timeline.goroutines.size(); ++i) {
    const PageLane* lane = lane_of(page, timeline.goroutines[i].id);
    ASSERT_NE(lane, nullptr);
    std::array<double, kSliceClasses> shown{}, told{};
    uint64_t merged = 0, count = 0;
    int64_t end = lane->begin;
    std::vector<uint64_t> longest;
    for (const PageSlice& slice : lane->slices) {
      end += static_cast<int64_t>(slice.duration);
      merged += slice.of == kMerged ? slice.merged : 1;
      if (slice.of != kMerged) {
        shown[slice.of] += static_cast<double>(slice.duration);
        if (slice.duration >= static_cast<uint64_t>(encoded.merge_below)) longest.push_back(slice.duration);
        continue;
      }
      EXPECT_GT(slice.merged, 1U);
      for (size_t of = 1; of < kSliceClasses; ++of) {
        shown[of] += static_cast<double>(slice.duration * slice.share[of]) / 255;
      }
    }
    std::vector<uint64_t> all;
    int64_t alive = lane->begin;
    for (const model::GoSlice& slice : timeline.slices(i)) {
      if (slice.state == GoState::kNotExist) break;
      ++count;
      alive = slice.end;
      told[static_cast<size_t>(slice_class(slice.state, timeline.text(slice.reason)))] +=
          static_cast<double>(slice.duration());
      if (slice.duration() >= encoded.merge_below) all.push_back(static_cast<uint64_t>(slice.duration()));
    }
    EXPECT_EQ(merged, count);
    EXPECT_EQ(end, alive);
    EXPECT_EQ(longest, all);
    for (size_t of = 1; of < kSliceClasses; ++of) {
      EXPECT_NEAR(shown[of], told[of], static_cast<double>(alive) * 0.01) << "class " << of;
    }
  }
}

TEST(TimelineColumns, OfTooManyGoroutinesThoseThatWaitedLongestHaveLanes) {
  const model::Timeline timeline = testing::sample_timeline({.workers = 50, .rounds = 20});
  const EncodedTimeline encoded = encode_timeline(timeline, {.lanes = 7});
  EXPECT_EQ(encoded.lanes, 7U);
  const PageColumns page = testing::read_columns(encoded.columns);
  ASSERT_THAT(page.lanes, SizeIs(7));
  const auto lock_wait = [&](uint32_t i) {
    int64_t longest = 0;
    for (const model::GoSlice& slice : timeline.slices(i)) {
      if (slice.state == GoState::kWaiting && timeline.text(slice.reason) == "sync") {
        longest = std::max(longest, slice.duration());
      }
    }
    return longest;
  };
  std::vector<int64_t> waits;
  for (uint32_t i = 0; i < timeline.goroutines.size(); ++i) waits.push_back(lock_wait(i));
  std::ranges::sort(waits, std::ranges::greater());
  for (size_t i = 0; i < page.lanes.size(); ++i) {
    EXPECT_EQ(lock_wait(timeline.find_goroutine(page.lanes[i].id)), waits[i]);
  }
  uint64_t left_out = 0;
  for (const testing::PageGroup& group : page.groups) left_out += group.without_lane;
  EXPECT_EQ(left_out, timeline.goroutines.size() - 7);
  // One who let somebody go is named, lane or not.
  bool named = false;
  for (const PageLane& lane : page.lanes) {
    for (const PageSlice& slice : lane.slices) {
      named = named || (slice.by >= 0 && lane_of(page, static_cast<uint64_t>(slice.by)) == nullptr);
    }
  }
  EXPECT_TRUE(named);
}

TEST(TimelineColumns, GroupsCountWhoWasInWhichState) {
  const model::Timeline timeline = testing::sample_timeline();
  const PageColumns page = columns_of(timeline);
  // Through the long hold, 18 ms of some 20, seven wait for the lock and one runs.
  const testing::PageGroup& group = page.groups.at(0);
  EXPECT_EQ(group.function, "main.(*API).Quote");
  EXPECT_EQ(group.goroutines, 8U);
  const size_t middle = Occupancy::kSteps / 2;
  EXPECT_EQ(group.states[static_cast<size_t>(SliceClass::kLock)][middle], 7 * Occupancy::kScale);
  EXPECT_EQ(group.states[static_cast<size_t>(SliceClass::kRunning)][middle], Occupancy::kScale);
  int64_t busy = 0;
  for (const auto& proc : page.procs) busy += proc[middle];
  EXPECT_EQ(busy, Occupancy::kScale);
}

TEST(TimelineColumns, TooManyFunctionsShareTheLastGroup) {
  model::TimelineBuilder builder;
  for (uint32_t i = 0; i < 10; ++i) {
    const uint32_t frame = builder.frame({.function = builder.text("main.f" + std::to_string(i))});
    const uint32_t goroutine = builder.add_goroutine(i + 1);
    builder.go(goroutine, {.time = i, .state = GoState::kRunning, .stack = builder.stack(std::array{frame})});
  }
  const PageColumns page = columns_of(builder.finish(100), {.groups = 4});
  ASSERT_THAT(page.groups, SizeIs(4));
  EXPECT_EQ(page.groups[3].function, "(other functions)");
  EXPECT_EQ(page.groups[3].goroutines, 7U);
  EXPECT_EQ(page.lanes[9].function, "main.f9");
}

TEST(TimelineColumns, SeriesKeepTheirExtremes) {
  model::TimelineBuilder builder;
  for (int64_t i = 0; i < 100'000; ++i) {
    builder.point(builder.timeline().heap_live, i * 10, i == 77'777 ? 1'000'000 : 1000 + i % 7);
  }
  const PageColumns page = columns_of(builder.finish(1'000'000), {.points = 500});
  EXPECT_LE(page.series[0].size(), 500U);
  EXPECT_GT(page.series[0].size(), 250U);
  const auto value = [](const auto& point) { return point.second; };
  EXPECT_EQ(std::ranges::max(page.series[0], {}, value), (std::pair<int64_t, int64_t>(777'770, 1'000'000)));
  EXPECT_EQ(std::ranges::min(page.series[0], {}, value).second, 1000);
}

TEST(TimelineColumns, OfTooManyRangesTheLongestStayAndTheCollectorsAll) {
  model::TimelineBuilder builder;
  const uint32_t goroutine = builder.add_goroutine(1);
  for (int64_t i = 0; i < 1000; ++i) {
    const bool gc = i % 100 == 0;
    builder.range({.kind = gc ? model::RangeKind::kGcMark : model::RangeKind::kRegion,
                   .begin = i * 1000,
                   .end = i * 1000 + (gc ? 1 : i),
                   .goroutine = goroutine});
  }
  const PageColumns page = columns_of(builder.finish(2'000'000), {.ranges = 30});
  EXPECT_LE(page.ranges.size(), 30U);
  EXPECT_EQ(std::ranges::count(page.ranges, 0U, &testing::PageRange::kind), 10);
  uint64_t shortest = UINT64_MAX;
  for (const auto& range : page.ranges) {
    if (range.kind != 0) shortest = std::min(shortest, range.duration);
  }
  EXPECT_EQ(shortest, 980U);
}

TEST(TimelineColumns, AnEmptyTraceIsOne) {
  const PageColumns page = columns_of(model::TimelineBuilder().finish(0));
  EXPECT_TRUE(page.at_end);
  EXPECT_TRUE(page.lanes.empty());
}

TEST(TimelineColumns, AGapAmidALaneStays) {
  model::TimelineBuilder builder;
  const uint32_t goroutine = builder.add_goroutine(9);
  builder.go(goroutine, {.time = 10, .state = GoState::kRunning});
  builder.go(goroutine, {.time = 20, .state = GoState::kNotExist, .cause = GoCause::kDestroySyscall});
  builder.go(goroutine, {.time = 30, .state = GoState::kSyscall, .cause = GoCause::kCreateSyscall});
  builder.go(goroutine, {.time = 40, .state = GoState::kNotExist, .cause = GoCause::kDestroySyscall});
  const PageColumns page = columns_of(builder.finish(100), {.slices = 1});
  ASSERT_THAT(page.lanes, SizeIs(1));
  EXPECT_EQ(page.lanes[0].begin, 10);
  std::vector<std::pair<int, uint64_t>> shown;
  for (const PageSlice& slice : page.lanes[0].slices) shown.emplace_back(slice.of, slice.duration);
  EXPECT_THAT(shown, ElementsAre(std::pair(1, 10), std::pair(0, 10), std::pair(6, 10)));
}

TEST(TimelineColumns, AWaitGroupIsNoLock) {
  model::TimelineBuilder builder;
  const auto stack = [&](std::string_view leaf) {
    const std::array frames = {builder.frame({.function = builder.text(leaf)}),
                               builder.frame({.function = builder.text("main.main")})};
    return builder.stack(frames);
  };
  const uint32_t goroutine = builder.add_goroutine(1);
  const auto wait = [&](int64_t time, std::string_view leaf) {
    builder.go(goroutine, {.time = time,
                           .state = GoState::kWaiting,
                           .cause = GoCause::kBlock,
                           .reason = builder.text("sync"),
                           .stack = stack(leaf)});
  };
  wait(1, "sync.(*WaitGroup).Wait");
  wait(2, "sync.(*Mutex).Lock");
  const PageColumns page = columns_of(builder.finish(3));
  ASSERT_THAT(page.lanes.at(0).slices, SizeIs(2));
  EXPECT_EQ(page.lanes[0].slices[0].of, static_cast<uint8_t>(SliceClass::kChannel));
  EXPECT_EQ(page.lanes[0].slices[1].of, static_cast<uint8_t>(SliceClass::kLock));
}

struct ClassCase {
  const char* name;
  GoState state;
  const char* reason;
  SliceClass of;
};
class SliceClassOf : public ::testing::TestWithParam<ClassCase> {};
TEST_P(SliceClassOf, IsAsExpected) {
  EXPECT_EQ(slice_class(GetParam().state, GetParam().reason), GetParam().of);
}
INSTANTIATE_TEST_SUITE_P(
    Reasons, SliceClassOf,
    ::testing::Values(ClassCase{"Mutex", GoState::kWaiting, "sync", SliceClass::kLock},
                      ClassCase{"Cond", GoState::kWaiting, "sync.(*Cond).Wait", SliceClass::kLock},
                      ClassCase{"Synctest", GoState::kWaiting, "synctest", SliceClass::kIdle},
                      ClassCase{"Send", GoState::kWaiting, "chan send", SliceClass::kChannel},
                      ClassCase{"Select", GoState::kWaiting, "select", SliceClass::kChannel},
                      ClassCase{"Assist", GoState::kWaiting, "GC mark assist wait for work", SliceClass::kGc},
                      ClassCase{"UntilGcEnds", GoState::kWaiting, "wait until GC ends", SliceClass::kGc},
                      ClassCase{"Sweeper", GoState::kWaiting, "GC background sweeper wait",
                                SliceClass::kIdle},
                      ClassCase{"Network", GoState::kWaiting, "network", SliceClass::kIdle},
                      ClassCase{"Runnable", GoState::kRunnable, "preempted", SliceClass::kRunnable},
                      ClassCase{"Syscall", GoState::kSyscall, "", SliceClass::kSyscall}),
    [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace edp::report
