#include "common/time_text.h"

#include <gtest/gtest.h>

namespace edp {
namespace {

std::string text(int64_t micros) {
  return format_micro_time(
      std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(micros)));
}

TEST(TimeText, KeepsMicroseconds) {
  EXPECT_EQ(text(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(text(1'790'000'000'000'042), "2026-09-21T14:13:20.000042Z");
  EXPECT_EQ(text(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(text(951'782'399'000'000), "2000-02-28T23:59:59.000000Z");
  EXPECT_EQ(text(400'000'000'000'000'000), "") << "beyond the year 9999";
}

}  // namespace
}  // namespace edp
