#include "operator/probe/history.h"

#include <gtest/gtest.h>

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
  EXPECT_NEAR(static_cast<double>(summary.p99.count()), 99'000, 990);
  EXPECT_EQ(summarize({}).results, 0U);
  EXPECT_EQ(summarize({}).failure_ratio(), 0);
}

}  // namespace
}  // namespace edp::probe
