#include <gmock/gmock.h>

#include "runner/decode/decoder.h"
#include "runner/model/timeline_builder.h"
#include "runner/view/pprof_proto.h"
#include "runner/view/report.h"
#include "runner/view/trace/trace_summary.h"
#include "runner/view/trace/wait_profile.h"
#include "tests/support/files.h"

namespace edp::view {
namespace {

using model::GoCause;
using model::GoState;
using model::Timeline;
using model::TimelineBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Goroutine 5 waits 100 ns for a lock in main.put, then 10 ns for a processor; goroutine 6 for the network.
Timeline example() {
  TimelineBuilder builder;
  const auto stack = [&](const char* leaf, uint32_t line) {
    const uint32_t plumbing = builder.frame({.pc = 0x10,
                                             .function = builder.text("sync.(*Mutex).Lock"),
                                             .file = builder.text("/go/sync/mutex.go"),
                                             .line = 90});
    const uint32_t own = builder.frame({.pc = 0x1000 + line,
                                        .function = builder.text(leaf),
                                        .file = builder.text("/src/a.go"),
                                        .line = line});
    return builder.stack(std::array{plumbing, own});
  };
  const uint32_t put = stack("main.put", 7), hold = stack("main.hold", 9), read = stack("main.read", 30);
  const uint32_t proc = builder.add_proc(0), waiter = builder.add_goroutine(5),
                 reader = builder.add_goroutine(6);
  builder.go(waiter, {.time = 0, .state = GoState::kRunning, .proc = proc});
  builder.go(reader, {.time = 1, .state = GoState::kRunning, .proc = proc});
  builder.go(waiter, {.time = 20,
                      .state = GoState::kWaiting,
                      .cause = GoCause::kBlock,
                      .reason = builder.text("sync"),
                      .stack = put});
  builder.go(reader, {.time = 30,
                      .state = GoState::kWaiting,
                      .cause = GoCause::kBlock,
                      .reason = builder.text("network"),
                      .stack = read});
  builder.go(
      waiter,
      {.time = 120, .state = GoState::kRunnable, .cause = GoCause::kUnblock, .by = reader, .by_stack = hold});
  builder.go(waiter, {.time = 130, .state = GoState::kRunning, .cause = GoCause::kStart, .proc = proc});
  builder.go(reader, {.time = 150, .state = GoState::kRunnable, .cause = GoCause::kUnblock});
  return builder.finish(200);
}

SliceFilter filter(const Timeline& timeline, const SliceOptions& options = {}) {
  auto made = SliceFilter::make(options, timeline);
  EXPECT_TRUE(made) << made.error().to_string();
  return *made;
}

std::vector<int64_t> delays(const model::Profile& profile) {
  std::vector<int64_t> list;
  for (size_t i = 0; i < profile.sample_count(); ++i) list.push_back(profile.sample(i).values[1]);
  return list;
}

TEST(WaitProfile, CountsEachKindByItsStack) {
  const Timeline timeline = example();
  const auto profile = wait_profile(timeline, WaitKind::kSync, filter(timeline));
  EXPECT_THAT(delays(profile), ElementsAre(100));
  EXPECT_EQ(
      profile.functions[profile.lines[profile.locations[profile.sample(0).locations[1]].first_line].function]
          .name,
      "main.put");
  EXPECT_THAT(delays(wait_profile(timeline, WaitKind::kNet, filter(timeline))), ElementsAre(120));
  // Where the other one let it go; a wait that the trace's end cuts does not count.
  const auto sched = wait_profile(timeline, WaitKind::kSched, filter(timeline));
  EXPECT_THAT(delays(sched), ElementsAre(10));
  EXPECT_EQ(
      sched.functions[sched.lines[sched.locations[sched.sample(0).locations[1]].first_line].function].name,
      "main.hold");
  EXPECT_THAT(delays(wait_profile(timeline, WaitKind::kSyscall, filter(timeline))), IsEmpty());
}

TEST(WaitProfile, ObeysTheFilter) {
  const Timeline timeline = example();
  const auto count = [&](const SliceOptions& options) {
    return wait_profile(timeline, WaitKind::kSync, filter(timeline, options)).sample_count();
  };
  EXPECT_EQ(count({.function = "main.p[a-z]t"}), 1U);
  EXPECT_EQ(count({.function = "main.read"}), 0U);
  EXPECT_EQ(count({.goroutine = 5}), 1U);
  EXPECT_EQ(count({.goroutine = 6}), 0U);
  EXPECT_EQ(count({.from = 121}), 0U);
  EXPECT_EQ(count({.state = GoState::kRunnable}), 0U);
}

TEST(WaitProfile, CanBeWrittenAndReadAgain) {
  const Timeline timeline = example();
  const auto profile = wait_profile(timeline, WaitKind::kSync, filter(timeline));
  const auto decoded = decode::decode(to_proto(profile), "profile");
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  EXPECT_THAT(delays(*decoded->profile), ElementsAre(100));
  EXPECT_EQ(decoded->profile->sample_types.at(1).type, "delay");
  EXPECT_EQ(decoded->profile->sample(0).locations.size(), 2U);
  EXPECT_EQ(decoded->profile->locations.at(1).address, 0x1007U);
}

TEST(TraceSummary, TellsStatesAndTheLongest) {
  const Timeline timeline = example();
  const TraceSummary summary = summarize(timeline, filter(timeline), {});
  EXPECT_EQ(summary.goroutines, 2U);
  EXPECT_EQ(summary.alive, 2U);
  const std::string text = summary_text(summary, timeline, "a.trace");
  EXPECT_THAT(text, HasSubstr("waiting: sync"));
  EXPECT_THAT(text, HasSubstr("waiting: network"));
  EXPECT_THAT(text, HasSubstr("waiting: sync, at main.put a.go:7"));
  EXPECT_THAT(text, HasSubstr("runnable, by goroutine 6 at main.hold a.go:9"));
}

TEST(TraceSummary, OfARealTrace) {
  auto decoded =
      decode::decode(edp::testing::read_file(edp::testing::corpus_traces() / "go122-gc-stress.trace"), "t");
  ASSERT_TRUE(decoded);
  const Timeline& timeline = decoded->traces.at(0);
  const TraceSummary summary = summarize(timeline, filter(timeline), {});
  EXPECT_TRUE(summary.heap_live.any);
  EXPECT_THAT(summary_text(summary, timeline, "t"), HasSubstr("gc mark"));
  const auto nothing = SliceFilter::make({.goroutine = 123456}, timeline);
  EXPECT_FALSE(nothing);
  EXPECT_FALSE(SliceFilter::make({.function = "("}, timeline));
}

}  // namespace
}  // namespace edp::view
