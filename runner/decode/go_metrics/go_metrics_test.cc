#include "runner/decode/go_metrics/go_metrics.h"

#include <gmock/gmock.h>

#include "tests/support/files.h"

namespace edp::decode {
namespace {

using ::testing::HasSubstr;

TEST(GoMetrics, ReadsTheGoCollector) {
  const auto decoded =
      decode(edp::testing::read_file(EDP_SOURCE_DIR "/tests/data/go_forms/go1.26.8/metrics.txt"), "metrics");
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  EXPECT_EQ(decoded->format, "go_metrics");
  EXPECT_TRUE(decoded->problems.empty());
  const model::MemoryStats& memory = decoded->memory.value();
  EXPECT_EQ(memory.go_version, "go1.26.8");
  EXPECT_EQ(memory.goroutines, 3u);
  EXPECT_EQ(memory.gomaxprocs, 2u);
  EXPECT_EQ(memory.heap_sys, 3833856u);
  EXPECT_EQ(memory.heap_sys.value(), memory.heap_idle.value() + memory.heap_inuse.value());
  EXPECT_EQ(memory.mallocs, 454u);
  EXPECT_EQ(memory.frees, 0u);
  EXPECT_EQ(memory.next_gc, 4194304u);
  EXPECT_EQ(memory.gc_count, 0u);
}

TEST(GoMetrics, ReadsEveryFormOfALine) {
  const auto decoded = decode(
      "# HELP go_goroutines n\n# TYPE go_goroutines gauge\n"
      "go_goroutines 1.2e+01 1395066363000\n"
      "go_info{other=\"a}\\\"b\",version=\"go1.23.12\"} 1\n"
      "go_gc_duration_seconds{quantile=\"0.5\"} 7\n"
      "go_gc_duration_seconds_sum 0.25\r\n"
      "go_gc_duration_seconds_count  9\n"
      "go_memstats_sys_bytes NaN\n"
      "go_memstats_frees_total +Inf\n"
      "go_memstats_mallocs_total -4\n"
      "go_memstats_alloc_bytes{instance=\"x\"} 5\n"
      "go_memstats_heap_objects many\n"
      "go_memstats_gc_cpu_fraction 0.125\n"
      "process_start_time_seconds 12\n",
      "metrics");
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  const model::MemoryStats& memory = decoded->memory.value();
  EXPECT_EQ(memory.goroutines, 12u);
  EXPECT_EQ(memory.go_version, "go1.23.12");
  EXPECT_EQ(memory.gc_pause_total_ns, 250'000'000u);
  EXPECT_EQ(memory.gc_count, 9u);
  EXPECT_EQ(memory.gc_cpu_fraction, 0.125);
  for (const auto& unset : {memory.sys, memory.frees, memory.mallocs, memory.alloc, memory.heap_objects}) {
    EXPECT_FALSE(unset);
  }
  EXPECT_THAT(decoded->problems, ::testing::ElementsAre(HasSubstr("go_memstats_heap_objects: at byte ")));
}

TEST(GoMetrics, SaysWhenThereIsNoGoCollector) {
  const auto decoded = decode("# TYPE http_requests counter\nhttp_requests 5\n", "metrics");
  ASSERT_FALSE(decoded);
  EXPECT_THAT(decoded.error().to_string(), HasSubstr("holds metrics, but none of the Go collector"));
}

}  // namespace
}  // namespace edp::decode
