#include "operator/probe/history.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace edp::probe {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(History, KeepsLatenciesWithinOnePercent) {
  for (int64_t us = 0; us < int64_t{60'000'000'000}; us = us + us / 7 + 1) {
    History history;
    history.add(us % 2 == 0, microseconds(us));
    EXPECT_NEAR(static_cast<double>(history.latency(0).count()), static_cast<double>(us),
                static_cast<double>(us) * 0.01);
    EXPECT_EQ(history.ok(0), us % 2 == 0) << us;
  }
  History history;
  history.add(true, microseconds(-5));
  EXPECT_EQ(history.latency(0).count(), 0);
  history.add(false, microseconds(std::numeric_limits<int64_t>::max()));
  EXPECT_GT(history.latency(0), std::chrono::hours(18));
  EXPECT_FALSE(history.ok(0));
}

TEST(History, ForgetsTheOldest) {
  History history;
  EXPECT_EQ(history.size(), 0U);
  for (int i = 1; i <= 100; ++i) {
    history.add(i % 3 != 0, milliseconds(i));
    EXPECT_EQ(history.size(), std::min<size_t>(static_cast<size_t>(i), History::kSize));
  }
  EXPECT_NEAR(static_cast<double>(history.latency(0).count()), 100'000, 1'000);
  EXPECT_NEAR(static_cast<double>(history.latency(23).count()), 77'000, 770);
  EXPECT_TRUE(history.ok(0));
  EXPECT_FALSE(history.ok(1));
  EXPECT_LE(sizeof history, 52U);
}

class Group {
 public:
  // `targets` with `results` each, of which every `fail_every`th fails.
  Group(int targets, int results, milliseconds around, int fail_every = 0) {
    std::mt19937 engine(7);
    int n = 0;
    for (int t = 0; t < targets; ++t) {
      History history;
      for (int r = 0; r < results; ++r) {
        const auto jitter = static_cast<int64_t>(engine() % 1000);
        history.add(fail_every == 0 || ++n % fail_every != 0, around + microseconds(jitter));
      }
      histories_.push_back(history);
    }
    for (const History& history : histories_) pointers_.push_back(&history);
  }
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator std::span<const History* const>() const { return pointers_; }

 private:
  std::vector<History> histories_;
  std::vector<const History*> pointers_;
};

TEST(Summarize, Quantiles) {
  std::vector<History> histories(5);
  for (int i = 0; i < 100; ++i) histories[static_cast<size_t>(i) / 20].add(true, milliseconds(i + 1));
  histories[0].add(false, milliseconds(9'999));
  std::vector<const History*> pointers;
  for (const History& history : histories) pointers.push_back(&history);
  const Summary summary = summarize(pointers);
  EXPECT_EQ(summary.targets, 5U);
  EXPECT_EQ(summary.results, 101U);
  EXPECT_EQ(summary.failures, 1U);
  EXPECT_NEAR(static_cast<double>(summary.p50.count()), 50'000, 500);
  EXPECT_NEAR(static_cast<double>(summary.p95.count()), 95'000, 950);
  EXPECT_EQ(summarize({}).results, 0U);
  EXPECT_EQ(summarize({}).failure_ratio(), 0);
}

TEST(Compare, NothingIsSaidOfTooFewResults) {
  const auto result = compare(Group(1, 10, milliseconds(900), 2), Group(10, 20, milliseconds(10)));
  EXPECT_FALSE(result.enough);
  EXPECT_FALSE(result.slower);
  EXPECT_FALSE(result.failing);
}
TEST(Compare, Alike) {
  const auto result = compare(Group(2, 20, milliseconds(20), 10), Group(10, 20, milliseconds(20), 10));
  EXPECT_TRUE(result.enough);
  EXPECT_FALSE(result.slower);
  EXPECT_FALSE(result.failing);
}
TEST(Compare, Slower) {
  EXPECT_TRUE(compare(Group(2, 20, milliseconds(40)), Group(10, 20, milliseconds(20))).slower);
  EXPECT_FALSE(compare(Group(2, 20, milliseconds(20)), Group(10, 20, milliseconds(40))).slower)
      << "faster is fine";
  EXPECT_FALSE(compare(Group(2, 20, milliseconds(4)), Group(10, 20, milliseconds(1))).slower)
      << "three milliseconds more are noise";
}
TEST(Compare, Failing) {
  const auto result = compare(Group(2, 20, milliseconds(20), 3), Group(10, 20, milliseconds(20)));
  EXPECT_TRUE(result.failing);
  EXPECT_FALSE(compare(Group(2, 20, milliseconds(20), 39), Group(10, 20, milliseconds(20))).failing)
      << "one in forty may be chance";
  EXPECT_TRUE(compare(Group(2, 20, milliseconds(20), 1), Group(10, 20, milliseconds(20))).failing)
      << "none succeeds: no latency to compare, and yet";
  EXPECT_FALSE(compare(Group(2, 20, milliseconds(20), 1), Group(10, 20, milliseconds(20), 1)).failing);
}

}  // namespace
}  // namespace edp::probe
