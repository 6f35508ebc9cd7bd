#include <gmock/gmock.h>

#include <map>
#include <random>

#include "runner/model/timeline_builder.h"

namespace edp::model {
namespace {

using ::testing::ElementsAre;

TEST(Timeline, TellsAWaitAsItWas) {
  TimelineBuilder builder;
  const uint32_t lock = builder.frame(
      {.pc = 1, .function = builder.text("main.put"), .file = builder.text("/src/a.go"), .line = 7});
  const uint32_t unlock = builder.frame(
      {.pc = 2, .function = builder.text("main.hold"), .file = builder.text("/src/a.go"), .line = 9});
  const uint32_t at_lock = builder.stack(std::array{lock}),
                 at_unlock = builder.stack(std::array{unlock, lock});
  EXPECT_EQ(at_lock, builder.stack(std::array{lock}));
  const uint32_t proc = builder.add_proc(3);
  const uint32_t holder = builder.add_goroutine(20), waiter = builder.add_goroutine(10);
  const uint32_t reason = builder.text("sync");
  builder.go(holder, {.time = 0, .state = GoState::kRunning, .proc = proc});
  builder.go(waiter, {.time = 5,
                      .state = GoState::kRunnable,
                      .cause = GoCause::kCreate,
                      .stack = at_lock,
                      .by = holder,
                      .by_stack = at_unlock});
  builder.go(waiter, {.time = 10, .state = GoState::kRunning, .cause = GoCause::kStart, .proc = proc});
  builder.go(
      waiter,
      {.time = 20, .state = GoState::kWaiting, .cause = GoCause::kBlock, .reason = reason, .stack = at_lock});
  builder.go(waiter, {.time = 120,
                      .state = GoState::kRunnable,
                      .cause = GoCause::kUnblock,
                      .by = holder,
                      .by_stack = at_unlock});
  builder.go(waiter, {.time = 130, .state = GoState::kRunning, .cause = GoCause::kStart, .proc = proc});
  builder.go(waiter, {.time = 140, .state = GoState::kNotExist, .cause = GoCause::kDestroy});
  const Timeline timeline = builder.finish(200);

  EXPECT_EQ(timeline.find_goroutine(10), waiter);
  EXPECT_EQ(timeline.find_goroutine(20), holder);
  EXPECT_EQ(timeline.find_goroutine(11), kNone);
  EXPECT_EQ(timeline.text(timeline.goroutines[waiter].function), "main.put");
  std::vector<GoSlice> slices;
  for (const GoSlice& slice : timeline.slices(waiter)) slices.push_back(slice);
  ASSERT_EQ(slices.size(), 6U);
  EXPECT_EQ(slices[2].state, GoState::kWaiting);
  EXPECT_EQ(slices[2].duration(), 100);
  EXPECT_EQ(timeline.text(slices[2].reason), "sync");
  EXPECT_EQ(slices[2].stack, at_lock);
  EXPECT_EQ(slices[3].by, holder);
  EXPECT_EQ(slices[3].by_stack, at_unlock);
  EXPECT_EQ(slices[3].event_stack(), at_unlock);
  EXPECT_EQ(slices[4].proc, proc);
  EXPECT_EQ(slices[3].proc, kNone);
  EXPECT_EQ(slices[5].end, 200);
  EXPECT_THAT(timeline.stack(at_unlock), ElementsAre(unlock, lock));
}

// Many goroutines at once, so that their streams lie between each other in many segments.
TEST(Timeline, KeepsWhatWasWritten) {
  TimelineBuilder builder;
  std::mt19937_64 random(1);
  std::map<uint32_t, std::vector<GoSlice>> written;
  std::vector<uint32_t> stacks, reasons;
  for (uint32_t i = 0; i < 300; ++i) {
    const uint32_t frame =
        builder.frame({.pc = i, .function = builder.text("f" + std::to_string(i)), .line = i});
    stacks.push_back(builder.stack(std::array{frame}));
    reasons.push_back(builder.text("reason " + std::to_string(i % 7)));
  }
  for (uint32_t i = 0; i < 50; ++i) builder.add_goroutine(i * 3 % 50);
  int64_t time = 0;
  for (int i = 0; i < 100'000; ++i) {
    time += static_cast<int64_t>(random() % 100'000);
    const auto goroutine = static_cast<uint32_t>(random() % 50);
    TimelineBuilder::Transition t{.time = time};
    t.state = static_cast<GoState>(2 + random() % 4);
    t.cause = static_cast<GoCause>(1 + random() % 9);
    t.reason = random() % 2 == 0 ? kNone : reasons[random() % reasons.size()];
    t.stack = random() % 3 == 0 ? kNone : stacks[random() % stacks.size()];
    if (t.cause == GoCause::kCreate || t.cause == GoCause::kUnblock) {
      t.by = random() % 4 == 0 ? kNone : static_cast<uint32_t>(random() % 50);
      t.by_stack = stacks[random() % stacks.size()];
    }
    builder.go(goroutine, t);
    written[goroutine].push_back({.begin = t.time,
                                  .state = t.state,
                                  .cause = t.cause,
                                  .reason = t.reason,
                                  .stack = t.stack,
                                  .by = t.by,
                                  .by_stack = t.by_stack});
  }
  Timeline& open = builder.timeline();
  for (uint64_t i = 0; i < 5000; ++i)
    builder.point(open.heap_live, static_cast<int64_t>(i * 10), i * i % 1000);
  for (int64_t i = 0; i < 5000; ++i) {
    builder.range({.kind = RangeKind::kSweep,
                   .begin = i * 3,
                   .end = i * 5,
                   .goroutine = 7,
                   .proc = 2,
                   .a = 100,
                   .b = kNoTask});
  }
  const Timeline timeline = builder.finish(time + 1);
  EXPECT_EQ(timeline.slice_count(), 100'000U);
  for (const auto& [goroutine, expected] : written) {
    size_t i = 0;
    for (const GoSlice& slice : timeline.slices(goroutine)) {
      ASSERT_LT(i, expected.size());
      const GoSlice& want = expected[i++];
      ASSERT_EQ(
          std::tie(slice.begin, slice.state, slice.cause, slice.reason, slice.stack, slice.by,
                   slice.by_stack),
          std::tie(want.begin, want.state, want.cause, want.reason, want.stack, want.by, want.by_stack));
      ASSERT_EQ(slice.end, i < expected.size() ? expected[i].begin : time + 1);
    }
    ASSERT_EQ(i, expected.size());
  }
  uint64_t points = 0;
  for (const Series::Point& point : timeline.points(timeline.heap_live)) {
    ASSERT_EQ(point.value, points * points % 1000);
    ++points;
  }
  EXPECT_EQ(points, 5000U);
  const auto sweeps = timeline.ranges(RangeKind::kSweep);
  ASSERT_EQ(sweeps.size(), 5000U);
  EXPECT_EQ(sweeps[4999].begin, 4999 * 3);
  EXPECT_EQ(sweeps[4999].b, kNoTask);
  EXPECT_LT(timeline.memory(), 3'000'000U);  // a few bytes an event
}

}  // namespace
}  // namespace edp::model
