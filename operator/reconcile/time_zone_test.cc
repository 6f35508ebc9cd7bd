#include "operator/reconcile/time_zone.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <random>

#include "common/files.h"

namespace edp::reconcile {
namespace {

// The C library's word for it.
int32_t libc_offset(const char* name, int64_t seconds) {
  EXPECT_EQ(setenv("TZ", name, 1), 0);
  tzset();
  const time_t when = seconds;
  struct tm local{};
  EXPECT_NE(localtime_r(&when, &local), nullptr);
  return static_cast<int32_t>(local.tm_gmtoff);
}

class Zone : public testing::TestWithParam<const char*> {};

TEST_P(Zone, AgreesWithTheCLibrary) {
  const auto zone = load_time_zone(GetParam());
  ASSERT_TRUE(zone) << zone.error().to_string();
  std::mt19937_64 random(7);
  std::uniform_int_distribution<int64_t> when(-1'000'000'000, 4'000'000'000);  // 1938 to 2096
  for (int i = 0; i < 3000; ++i) {
    const int64_t seconds = when(random);
    ASSERT_EQ(zone->offset(seconds), libc_offset(GetParam(), seconds)) << GetParam() << " at " << seconds;
  }
}

INSTANTIATE_TEST_SUITE_P(Zones, Zone,
                         testing::Values("Europe/Berlin", "America/New_York", "Australia/Sydney",
                                         "Asia/Kolkata", "Asia/Shanghai", "America/St_Johns",
                                         "Africa/Casablanca", "Pacific/Apia"));

TEST(TimeZone, Offsets) {
  EXPECT_EQ(load_time_zone("")->offset(0), 0);
  EXPECT_EQ(load_time_zone("UTC")->offset(0), 0);
  EXPECT_EQ(load_time_zone("+02:00")->offset(0), 7200);
  EXPECT_EQ(load_time_zone("-0330")->offset(0), -12'600);
  EXPECT_EQ(load_time_zone("UTC+2")->offset(0), 7200);
}

TEST(TimeZone, RefusesWhatIsNone) {
  for (const char* name :
       {"../etc/passwd", "/etc/passwd", "No/Such", "+25:00", "+1:99", "Europe/../../x", "a b"}) {
    EXPECT_FALSE(load_time_zone(name)) << name;
  }
}

TEST(TimeZone, EveryCutOfAFileIsAnErrorOrAZone) {
  const auto bytes = read_file("/usr/share/zoneinfo/Europe/Berlin", 1 << 20);
  ASSERT_TRUE(bytes);
  for (size_t size = 0; size < bytes->size(); ++size) {
    const auto zone = TimeZone::parse(std::string_view(*bytes).substr(0, size));
    if (zone) (void)zone->offset(1'800'000'000);
    if (size < 40) {
      EXPECT_FALSE(zone) << size;
    }
  }
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    std::string copy = *bytes;
    copy[random() % copy.size()] = static_cast<char>(random());
    if (const auto zone = TimeZone::parse(copy)) (void)zone->offset(1'800'000'000);
  }
}

}  // namespace
}  // namespace edp::reconcile
