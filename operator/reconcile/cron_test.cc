#include "operator/reconcile/cron.h"

#include <gtest/gtest.h>

#include "operator/watch/records.h"

namespace edp::reconcile {
namespace {

struct Case {
  const char *name, *schedule, *after, *next, *zone = "UTC";
};
class Next : public testing::TestWithParam<Case> {};

TEST_P(Next, IsTheFirstMinuteThatMatches) {
  const auto cron = Cron::parse(GetParam().schedule);
  ASSERT_TRUE(cron) << cron.error().to_string();
  const auto zone = load_time_zone(GetParam().zone);
  ASSERT_TRUE(zone) << zone.error().to_string();
  const auto next = cron->next(watch::parse_time(GetParam().after), *zone);
  EXPECT_EQ(next ? watch::format_time(*next) : "never", GetParam().next);
}

INSTANTIATE_TEST_SUITE_P(
    Cron, Next,
    testing::Values(
        Case{"EveryMinute", "* * * * *", "2026-11-25T10:00:00Z", "2026-11-25T10:01:00Z"},
        Case{"WithinAMinute", "* * * * *", "2026-11-25T10:00:59Z", "2026-11-25T10:01:00Z"},
        Case{"Steps", "*/15 * * * *", "2026-11-25T10:01:00Z", "2026-11-25T10:15:00Z"},
        Case{"StepsFrom", "5/20 * * * *", "2026-11-25T10:46:00Z", "2026-11-25T11:05:00Z"},
        Case{"Range", "10-12 3 * * *", "2026-11-25T03:12:00Z", "2026-11-26T03:10:00Z"},
        Case{"List", "0 2,14 * * *", "2026-11-25T03:00:00Z", "2026-11-25T14:00:00Z"},
        Case{"Hourly", "@hourly", "2026-12-31T23:30:00Z", "2027-01-01T00:00:00Z"},
        Case{"Weekly", "@weekly", "2026-11-25T10:00:00Z", "2026-11-29T00:00:00Z"},
        Case{"Yearly", "@annually", "2026-11-25T10:00:00Z", "2027-01-01T00:00:00Z"},
        Case{"Names", "0 6 * Feb mon-FRI", "2026-11-25T10:00:00Z", "2027-02-01T06:00:00Z"},
        Case{"SevenIsSunday", "0 0 * * 7", "2026-11-25T10:00:00Z", "2026-11-29T00:00:00Z"},
        Case{"EitherDay", "0 0 13 * 5", "2026-11-25T10:00:00Z", "2026-11-27T00:00:00Z"},
        Case{"BothDaysWithAStar", "0 0 */2 * 5", "2026-11-25T10:00:00Z", "2026-11-27T00:00:00Z"},
        Case{"LeapDay", "0 0 29 2 *", "2026-11-25T10:00:00Z", "2028-02-29T00:00:00Z"},
        Case{"Never", "0 0 31 2 *", "2026-11-25T10:00:00Z", "never"},
        Case{"Zone", "0 9 * * *", "2026-11-25T07:59:00Z", "2026-11-25T08:00:00Z", "Europe/Berlin"},
        Case{"ZoneInSummer", "0 9 * * *", "2026-07-01T06:59:00Z", "2026-07-01T07:00:00Z", "Europe/Berlin"},
        Case{"SkippedHour", "30 2 * * *", "2027-03-28T00:00:00Z", "2027-03-29T00:30:00Z", "Europe/Berlin"},
        Case{"RepeatedHour", "30 2 * * *", "2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z", "Europe/Berlin"},
        Case{"RepeatedHourOnce", "30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z",
             "Europe/Berlin"},
        Case{"FarEast", "0 0 * * *", "2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z", "+13:00"}),
    [](const auto& tested) { return tested.param.name; });

class NoCron : public testing::TestWithParam<const char*> {};

TEST_P(NoCron, IsRefused) { EXPECT_FALSE(Cron::parse(GetParam())) << GetParam(); }

INSTANTIATE_TEST_SUITE_P(Cron, NoCron,
                         testing::Values("", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *",
                                         "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *", "5-1 * * * *",
                                         "a * * * *", "1,,2 * * * *", "@often", "-1 * * * *", "1- * * * *",
                                         "*/ * * * *"));

}  // namespace
}  // namespace edp::reconcile
