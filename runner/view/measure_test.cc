#include "runner/view/measure.h"

#include <gtest/gtest.h>

#include <limits>

namespace edp::view {
namespace {

struct LabelCase {
  const char* name;
  int64_t value;
  const char *from, *to, *label;
};

class ScaledLabel : public ::testing::TestWithParam<LabelCase> {};

TEST_P(ScaledLabel, IsAsPprofPrintsIt) {
  const LabelCase& c = GetParam();
  EXPECT_EQ(scaled_label(c.value, c.from, c.to), c.label);
}

INSTANTIATE_TEST_SUITE_P(
    Units, ScaledLabel,
    ::testing::Values(LabelCase{"zero_has_no_unit", 0, "nanoseconds", "auto", "0"},
                      LabelCase{"rounds_to_zero", 1, "nanoseconds", "seconds", "0"},
                      LabelCase{"negative_rounds_to_zero", -1, "nanoseconds", "seconds", "0"},
                      LabelCase{"whole_number", 2048, "bytes", "auto", "2kB"},
                      LabelCase{"two_decimals", 1536, "bytes", "auto", "1.50kB"},
                      LabelCase{"negative", -1536, "bytes", "auto", "-1.50kB"},
                      LabelCase{"given_unit", 1500000, "nanoseconds", "ms", "1.50ms"},
                      LabelCase{"plural_and_case", 3, "Seconds", "MilliSeconds", "3000ms"},
                      LabelCase{"hours", 7200000000000, "ns", "auto", "2hrs"},
                      LabelCase{"other_dimension_falls_back", 1500000000, "ns", "bytes", "1.50s"},
                      LabelCase{"count", 12, "count", "auto", "12"},
                      LabelCase{"count_to_count", 12, "count", "count", "12"},
                      LabelCase{"unknown_unit", 12, "widgets", "widgets", "12widgets"},
                      LabelCase{"unknown_unit_auto", 12, "widgets", "auto", "12"},
                      LabelCase{"compute", 1500, "nanoGCU", "auto", "1.50u*GCU"},
                      LabelCase{"below_the_smallest_unit", 0, "B", "MB", "0"},
                      LabelCase{"smallest_integer", std::numeric_limits<int64_t>::min(), "count", "auto",
                                "-9223372036854775808"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Percentage, KeepsTwoDigits) {
  EXPECT_EQ(percentage(0, 100), "    0%");
  EXPECT_EQ(percentage(5, 0), "    0%");
  EXPECT_EQ(percentage(1, 3), "33.33%");
  EXPECT_EQ(percentage(-1, 3), "33.33%");
  EXPECT_EQ(percentage(1, 100), " 1.00%");
  EXPECT_EQ(percentage(1, 1000), "  0.1%");
  EXPECT_EQ(percentage(1, 80000), "0.0013%");
  EXPECT_EQ(percentage(1, 100000000), "1e-06%");
  EXPECT_EQ(percentage(9996, 10000), "  100%");
  EXPECT_EQ(percentage(9994, 10000), "99.94%");
  EXPECT_EQ(percentage(250, 100), "250.00%");
}

TEST(Arithmetic, WrapsAsInGo) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min(), kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(wrapping_add(kMax, 1), kMin);
  EXPECT_EQ(wrapping_abs(kMin), kMin);
  EXPECT_EQ(mean_of(kMin, -1), kMin);
  EXPECT_EQ(mean_of(7, 0), 7);
  EXPECT_EQ(mean_of(-7, 2), -3);
  EXPECT_EQ(to_int64(1e30), kMin);
  EXPECT_EQ(to_int64(-2.9), -2);
}

TEST(SameDimension, ComparesWhatIsMeasured) {
  EXPECT_TRUE(same_dimension("bytes", "MB"));
  EXPECT_FALSE(same_dimension("bytes", "seconds"));
  EXPECT_FALSE(same_dimension("widgets", "widgets"));
}

}  // namespace
}  // namespace edp::view
