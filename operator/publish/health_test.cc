#include "operator/publish/health.h"

#include <gtest/gtest.h>

#include <thread>

namespace edp::publish {
namespace {

using std::chrono::seconds;

class HealthTest : public ::testing::Test {
 protected:
  Health::Clock::time_point now{seconds(1'000'000)};
  Health health{[this] { return now; }};
};

TEST_F(HealthTest, NothingToSay) {
  EXPECT_TRUE(health.healthz().ok);
  EXPECT_EQ(health.healthz().text, "healthz check passed\n");
  EXPECT_EQ(health.readyz().text, "readyz check passed\n");
}

TEST_F(HealthTest, AHeartbeatThatStops) {
  auto& pods = health.heartbeat("watch-pods", seconds(30));
  auto& control = health.heartbeat("control", seconds(10));
  now += seconds(10);
  EXPECT_TRUE(health.healthz().ok);
  now += seconds(1);
  EXPECT_EQ(health.healthz().text,
            "[+]watch-pods ok\n[-]control failed: no sign of life for 11 s\nhealthz check failed\n");
  EXPECT_FALSE(health.healthz().ok);
  EXPECT_FALSE(health.readyz().ok);
  control.beat();
  EXPECT_TRUE(health.healthz().ok);
  now += seconds(20);
  control.pause();
  pods.beat();
  EXPECT_TRUE(health.healthz().ok);
  now += seconds(10'000);
  pods.beat();
  EXPECT_TRUE(health.healthz().ok) << "paused";
  control.beat();
  now += seconds(11);
  EXPECT_FALSE(health.healthz().ok) << "expected again since the last beat";
}

TEST_F(HealthTest, GatesAreForReadinessOnly) {
  auto& sync = health.gate("sync", "pods are not listed yet");
  EXPECT_TRUE(health.healthz().ok);
  EXPECT_FALSE(health.readyz().ok);
  EXPECT_EQ(health.readyz().text, "[-]sync failed: pods are not listed yet\nreadyz check failed\n");
  sync.open();
  EXPECT_EQ(health.readyz().text, "[+]sync ok\nreadyz check passed\n");
  sync.close("shutting down");
  EXPECT_EQ(health.readyz().text, "[-]sync failed: shutting down\nreadyz check failed\n");
  sync.close("");
  EXPECT_FALSE(health.readyz().ok);
}

TEST(Health, FromManyThreads) {
  Health health;
  auto& beat = health.heartbeat("loop", seconds(600));
  auto& gate = health.gate("sync");
  std::thread worker([&] {
    for (int i = 0; i < 2'000; ++i) {
      beat.beat();
      i % 2 == 0 ? gate.open() : gate.close("no");
      if (i % 500 == 0) health.heartbeat("more", seconds(600));
    }
  });
  for (int i = 0; i < 2'000; ++i) EXPECT_TRUE(health.healthz().ok || health.readyz().ok);
  worker.join();
}

}  // namespace
}  // namespace edp::publish
