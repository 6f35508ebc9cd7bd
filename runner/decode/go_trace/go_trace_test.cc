#include "runner/decode/go_trace/go_trace.h"

#include <gmock/gmock.h>

#include <random>

#include "runner/decode/go_trace/reader.h"
#include "runner/decode/go_trace/timeline_sink.h"
#include "tests/support/files.h"

namespace edp::decode {
namespace {

using model::GoState;
using model::RangeKind;
using model::Timeline;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::string_literals;

std::string trace(const std::string& name) {
  return edp::testing::read_file(edp::testing::corpus_traces() / name);
}

std::vector<Timeline> read(std::string bytes) {
  auto decoded = decode(std::move(bytes), "trace");
  EXPECT_TRUE(decoded) << decoded.error().to_string();
  return decoded ? std::move(decoded->traces) : std::vector<Timeline>();
}

Timeline read_one(std::string bytes) {
  std::vector<Timeline> traces = read(std::move(bytes));
  EXPECT_EQ(traces.size(), 1U);
  return traces.empty() ? Timeline() : std::move(traces.front());
}

// Reads everything that a timeline tells, and holds it to its contract.
void check(const Timeline& timeline) {
  uint64_t slices = 0;
  const auto check_stack = [&](uint32_t stack) {
    for (const uint32_t frame : timeline.stack(stack)) {
      (void)timeline.text(timeline.frames[frame].function);
      (void)timeline.text(timeline.frames[frame].file);
    }
  };
  for (uint32_t i = 0; i < timeline.goroutines.size(); ++i) {
    int64_t at = -1;
    for (const model::GoSlice& slice : timeline.slices(i)) {
      ASSERT_TRUE(at < 0 || slice.begin == at);
      ASSERT_LE(slice.begin, slice.end);
      ASSERT_LE(slice.end, timeline.end);
      ASSERT_TRUE(slice.by == model::kNone || slice.by < timeline.goroutines.size());
      ASSERT_TRUE(slice.proc == model::kNone || slice.proc < timeline.procs.size());
      check_stack(slice.stack);
      check_stack(slice.by_stack);
      (void)timeline.text(slice.reason);
      at = slice.end;
      ++slices;
    }
  }
  ASSERT_EQ(slices, timeline.slice_count());
  for (uint32_t i = 0; i < timeline.procs.size(); ++i) {
    for (const model::ProcSlice& slice : timeline.proc_slices(i)) {
      ASSERT_TRUE(slice.thread == model::kNone || slice.thread < timeline.threads.size());
    }
  }
  for (const model::TraceRange& range : timeline.ranges()) {
    ASSERT_LE(range.begin, range.end);
    ASSERT_TRUE(range.goroutine == model::kNone || range.goroutine < timeline.goroutines.size());
    ASSERT_TRUE(range.proc == model::kNone || range.proc < timeline.procs.size());
    (void)timeline.text(range.text);
  }
  for (const model::Series* series : {&timeline.heap_live, &timeline.heap_goal, &timeline.gomaxprocs}) {
    uint64_t points = 0;
    for (const model::Series::Point& point : timeline.points(*series))
      points += point.time <= timeline.end ? 1 : 0;
    ASSERT_EQ(points, series->size());
  }
}

struct Golden {
  const char* file;
  int go_minor;
  uint64_t events;
  size_t goroutines, processors, threads;
};

// As golang.org/x/exp/trace counts them; tests/parity/trace compares the rest.
TEST(GoTrace, ReadsTheTracesOfGosOwnTests) {
  for (const Golden& golden :
       {Golden{"http_1_19_good", 19, 2326, 0, 0, 0}, Golden{"http_1_21_good", 21, 791, 55, 5, 6},
        Golden{"stress_1_19_good", 19, 88642, 34, 8, 10}, Golden{"fmt_1_21_pprof_good", 21, 1839, 119, 6, 7},
        Golden{"go122-gc-stress.trace", 22, 3834, 104, 48, 39},
        Golden{"go122-annotations.trace", 22, 90, 9, 48, 3}, Golden{"go123-sync.trace", 23, 6, 0, 0, 0},
        Golden{"go125-sync.trace", 25, 6, 0, 0, 0}}) {
    const Timeline timeline = read_one(trace(golden.file));
    EXPECT_EQ(timeline.go_minor, golden.go_minor) << golden.file;
    EXPECT_EQ(timeline.event_count(), golden.events) << golden.file;
    EXPECT_THAT(timeline.problems, IsEmpty()) << golden.file;
    if (golden.goroutines != 0) {
      EXPECT_EQ(timeline.goroutines.size(), golden.goroutines) << golden.file;
      EXPECT_EQ(timeline.procs.size(), golden.processors) << golden.file;
      EXPECT_EQ(timeline.threads.size(), golden.threads) << golden.file;
    }
    check(timeline);
  }
}

TEST(GoTrace, TellsTasksRegionsAndLogs) {
  const Timeline timeline = read_one(trace("go122-annotations.trace"));
  const auto tasks = timeline.ranges(RangeKind::kTask);
  const auto regions = timeline.ranges(RangeKind::kRegion);
  const auto logs = timeline.ranges(RangeKind::kLog);
  ASSERT_FALSE(tasks.empty());
  ASSERT_FALSE(regions.empty());
  ASSERT_FALSE(logs.empty());
  EXPECT_EQ(timeline.text(tasks.front().text), "task0");
  EXPECT_EQ(timeline.text(static_cast<uint32_t>(logs.front().b)), "0123456789abcdef");
}

TEST(GoTrace, TellsWhoLetWhomGo) {
  const Timeline timeline = read_one(trace("stress_1_19_good"));
  uint64_t waits = 0, let_go = 0;
  for (uint32_t i = 0; i < timeline.goroutines.size(); ++i) {
    bool waited = false;
    for (const model::GoSlice& slice : timeline.slices(i)) {
      if (waited && slice.by != model::kNone && slice.by_stack != model::kNone) ++let_go;
      waited = slice.state == GoState::kWaiting && timeline.text(slice.reason) == "sync" &&
               slice.stack != model::kNone;
      waits += waited ? 1 : 0;
    }
  }
  EXPECT_GT(waits, 10U);
  EXPECT_GT(let_go, 10U);
}

TEST(GoTrace, TellsTheWallClock) {
  const Timeline timeline = read_one(trace("go125-sync.trace"));
  ASSERT_EQ(timeline.clocks.size(), 3U);
  ASSERT_TRUE(timeline.wall_ns(0));
  EXPECT_EQ(*timeline.wall_ns(timeline.clocks[1].time), timeline.clocks[1].wall_ns);
}

TEST(GoTrace, PiecesMayEndAnywhere) {
  for (const char* name :
       {"go122-gc-stress.trace", "go122-task-across-generations.trace", "http_1_21_good"}) {
    const std::string bytes = trace(name);
    const Timeline whole = read_one(bytes);
    for (const size_t size : {size_t{1}, size_t{7}, size_t{4096}}) {
      go_trace::TimelineSink sink{Limits{}};
      go_trace::TraceReader reader(sink);
      for (size_t at = 0; at < bytes.size(); at += size) {
        ASSERT_TRUE(reader.feed(std::string_view(bytes).substr(at, size)));
      }
      ASSERT_TRUE(reader.finish());
      const std::vector<Timeline> pieces = sink.take();
      ASSERT_EQ(pieces.size(), 1U);
      EXPECT_EQ(pieces[0].events, whole.events) << name << " in pieces of " << size;
      EXPECT_EQ(pieces[0].end, whole.end);
      EXPECT_THAT(pieces[0].problems, IsEmpty());
    }
  }
}

TEST(GoTrace, TracesMayFollowEachOther) {
  const std::string generations = trace("go122-annotations.trace"), one_stream = trace("http_1_21_good");
  const auto traces = read(generations + one_stream + generations);
  ASSERT_EQ(traces.size(), 3U);
  EXPECT_EQ(traces[0].events, traces[2].events);
  EXPECT_EQ(traces[1].event_count(), 791U);
  EXPECT_THAT(traces[0].problems, IsEmpty());
  EXPECT_THAT(traces[1].problems,
              ElementsAre("another trace begins at byte " + std::to_string(generations.size())));
}

// The generation after a broken one is read.
TEST(GoTrace, ABrokenGenerationIsNamedAndPassedOver) {
  std::string bytes = trace("go122-task-across-generations.trace");
  const Timeline whole = read_one(bytes);
  ASSERT_EQ(whole.generations.size(), 2U);
  bytes[16] = '\x70';  // where the first batch begins
  const Timeline timeline = read_one(bytes);
  EXPECT_THAT(timeline.problems.at(0), HasSubstr("a batch is expected at byte 16"));
  ASSERT_EQ(timeline.generations.size(), 1U);
  EXPECT_EQ(timeline.generations[0].number, 2U);
  check(timeline);
}

TEST(GoTrace, AnImpossibleOrderIsNamedWithItsPlace) {
  const Timeline timeline = read_one(trace("go122-create-syscall-with-p.trace"));
  ASSERT_EQ(timeline.problems.size(), 1U);
  EXPECT_THAT(timeline.problems[0],
              HasSubstr("generation 1 (from byte 16): an event that needs a processor has none "
                        "(thread 0, batch at byte 16)"));
  EXPECT_TRUE(timeline.generations.at(0).broken);
  EXPECT_EQ(timeline.events[static_cast<size_t>(model::EventKind::kStateTransition)], 9U);
}

// What is left of a trace that is cut is read, in memory that the input's size bounds.
TEST(GoTrace, MayBeCutAnywhere) {
  constexpr uint64_t kFloor = 2 << 20, kBytesAByte = 200;
  std::mt19937_64 random(1);
  const std::vector<std::string> traces = {
      trace("go122-gc-stress.trace"), trace("go122-annotations-stress.trace"),
      trace("go122-task-across-generations.trace"), trace("http_1_19_good"), trace("fmt_1_21_pprof_good")};
  for (int i = 0; i < 1000; ++i) {
    const std::string& bytes = traces[static_cast<size_t>(i) % traces.size()];
    const size_t size = 16 + random() % (bytes.size() - 16);
    const Timeline timeline = read_one(bytes.substr(0, size));
    check(timeline);
    EXPECT_LT(timeline.memory(), kFloor + size * kBytesAByte);
    if (HasFailure()) FAIL() << "trace " << i % 5 << " cut at " << size;
  }
}

TEST(GoTrace, MayBeDamagedAnywhere) {
  std::mt19937_64 random(2);
  const std::vector<std::string> traces = {trace("go122-gc-stress.trace"),
                                           trace("go122-annotations-stress.trace"),
                                           trace("go122-task-across-generations.trace"),
                                           trace("http_1_19_good"), trace("stress_start_stop_1_21_good")};
  for (int i = 0; i < 1000; ++i) {
    std::string bytes = traces[static_cast<size_t>(i) % traces.size()];
    for (int damage = 0; damage < 3; ++damage)
      bytes[16 + random() % (bytes.size() - 16)] = static_cast<char>(random());
    for (const Timeline& timeline : read(bytes)) check(timeline);
    if (HasFailure()) FAIL() << "trace " << i % 5 << ", damage " << i;
  }
}

TEST(GoTrace, ATooLargeTimelineIsCutAndCounted) {
  Limits limits;
  limits.max_model_bytes = 1 << 18;
  auto decoded = go_trace_decoder().decode(trace("stress_1_21_good"), limits);
  ASSERT_TRUE(decoded);
  const Timeline& timeline = decoded->traces.at(0);
  EXPECT_EQ(timeline.event_count(), 98571U);
  EXPECT_THAT(timeline.problems.at(0), HasSubstr("passes the limit of 262144 bytes"));
  check(timeline);
}

struct Refused {
  const char* name;
  std::string bytes;
  const char* error;
};

class GoTraceRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(GoTraceRefuses, NamingTheCause) {
  const auto decoded = decode(GetParam().bytes, "file");
  ASSERT_FALSE(decoded);
  EXPECT_THAT(decoded.error().to_string(), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, GoTraceRefuses,
    ::testing::Values(
        Refused{"go_1_11", "go 1.11 trace\0\0\0"s,
                "an old Go (\"go 1.11 trace\"): those of Go 1.19 and later are read"},
        Refused{"go_1_5", "go 1.5 trace\0\0\0\0"s, "an old Go (\"go 1.5 trace\")"},
        Refused{"unknown", "go 1.24 trace\0\0\0"s, "in the format \"go 1.24 trace\", which is not known"},
        Refused{"future", "go 1.99 trace\0\0\0"s, "in the format \"go 1.99 trace\", which is not known"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace edp::decode
