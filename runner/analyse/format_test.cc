#include "runner/analyse/format.h"

#include <gtest/gtest.h>

namespace edp::analyse {
namespace {

TEST(Format, ReadsWellInATitle) {
  EXPECT_EQ(percent_text(35.2), "35%");
  EXPECT_EQ(percent_text(4.23), "4.2%");
  EXPECT_EQ(percent_text(0.05), "under 0.1%");
  EXPECT_EQ(percent_text(0), "0%");
  EXPECT_EQ(percent_text(100), "100%");
  EXPECT_EQ(seconds_text(1.23), "1.2 s");
  EXPECT_EQ(seconds_text(0.0351), "35 ms");
  EXPECT_EQ(seconds_text(0.00041), "410 us");
  EXPECT_EQ(seconds_text(0), "0 s");
  EXPECT_EQ(seconds_text(125), "2 min 5 s");
  EXPECT_EQ(seconds_text(7'200'000), "120,000 min");
  EXPECT_EQ(seconds_text(-1.5), "-1.5 s");
  EXPECT_EQ(nanoseconds_text(350), "350 ns");
  EXPECT_EQ(rate_text(18660), "18,660/s");
  EXPECT_EQ(rate_text(0.42), "0.4/s");
  EXPECT_EQ(count_text(999'499), "999,499");
  EXPECT_EQ(count_text(1'234'567), "1.2 million");
  EXPECT_EQ(bytes_text(512), "512 B");
  EXPECT_EQ(bytes_text(1.4 * 1024 * 1024), "1.4 MiB");
  EXPECT_EQ(bytes_rate_text(2048), "2 KiB/s");
  EXPECT_EQ(place_text("/app/cache.go", 42), "cache.go:42");
  EXPECT_EQ(place_text("", 42), "line 42");
}

}  // namespace
}  // namespace edp::analyse
