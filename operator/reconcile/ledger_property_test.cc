// The ledger in a cluster whose watches lag, whose quota controller errs and whose operator dies.
#include <gtest/gtest.h>

#include <algorithm>

#include "operator/reconcile/testing/cluster.h"

namespace edp::reconcile {
namespace {

using testing::Cluster;
using testing::ClusterOptions;

constexpr int64_t kMi = int64_t{1} << 20;

struct Scene {
  const char* name;
  std::map<std::string, int64_t> hard;
  int max_lag = 200, max_controller_delay = 300;
  bool many_sizes = false;
  double stale = 0, crash = 0, cancel = 0;
};
void PrintTo(const Scene& scene, std::ostream* out) { *out << scene.name; }

class LedgerInACluster : public ::testing::TestWithParam<Scene> {};

TEST_P(LedgerInACluster, NeverExceedsTheQuotaAndEndsEverything) {
  const Scene& scene = GetParam();
  int crashes = 0, cancelled = 0;
  for (uint32_t seed = 1; seed <= 30; ++seed) {
    Cluster cluster({.seed = seed,
                     .hard = scene.hard,
                     .max_lag = scene.max_lag,
                     .max_controller_delay = scene.max_controller_delay,
                     .stale_recalculation = scene.stale,
                     .crash = scene.crash,
                     .cancel = scene.cancel});
    std::mt19937 random(seed);
    constexpr int kWishes = 120;
    for (int i = 0; i < kWishes; ++i) {
      const auto number = std::to_string(i);
      const int64_t factor = scene.many_sizes ? 1 + random() % 4 : 1;
      cluster.wish({.job = "j" + number,
                    .run_ns = "ns" + std::to_string(random() % 5),
                    .run_name = "r" + number,
                    .run_uid = "u" + number,
                    .target_uid = "t" + std::to_string(random() % 90),  // some meet at one pod
                    .node = watch::Symbol("n" + std::to_string(random() % 10)),
                    .requests = {250 * factor, 256 * kMi * factor},
                    .limits = {500 * factor, 512 * kMi * factor},
                    .priority = std::array{"Critical", "Manual", "Periodic"}[random() % 3],
                    .since = 1'000'000});
    }
    cluster.run(600'000);
    EXPECT_EQ(cluster.rejected, 0) << "seed " << seed;
    EXPECT_EQ(cluster.twins, 0) << "seed " << seed;
    EXPECT_LT(cluster.elapsed, 600'000) << "seed " << seed << ": not all have ended";
    if (scene.cancel == 0 && scene.crash == 0) {
      EXPECT_EQ(cluster.finished, kWishes) << "seed " << seed;
    }
    cancelled += cluster.cancelled;
    crashes += cluster.crashes;
  }
  if (scene.crash > 0) {
    EXPECT_GT(crashes, 10);
  }
  if (scene.cancel > 0) {
    EXPECT_GT(cancelled, 10);
  }
}

const std::map<std::string, int64_t> kUsual = {{"requests.cpu", 2000},
                                               {"requests.memory", 4096 * kMi},
                                               {"limits.cpu", 4000},
                                               {"limits.memory", 8192 * kMi}};

INSTANTIATE_TEST_SUITE_P(
    Scenes, LedgerInACluster,
    ::testing::Values(Scene{"calm", kUsual, 0, 0}, Scene{"lagging", kUsual},
                      Scene{"lagging_by_seconds", kUsual, 4000, 3000},
                      Scene{"pods_only", {{"pods", 7}}, 1500, 300},
                      Scene{"sizes_differ", kUsual, 500, 500, true},
                      Scene{"jobs_count", {{"count/jobs.batch", 9}, {"pods", 6}}, 500, 500},
                      Scene{"pod_objects_count", {{"count/pods", 9}, {"pods", 6}}, 500, 500},
                      Scene{"figures_too_low", kUsual, 500, 500, false, 0.3},
                      Scene{"cancelled", kUsual, 500, 500, true, 0, 0, 0.2},
                      Scene{"operator_dies", kUsual, 500, 500, false, 0, 0.1},
                      Scene{"everything_at_once", kUsual, 2000, 2000, true, 0.2, 0.05, 0.1}),
    [](const auto& test) { return test.param.name; });

// Holding back too much would be safe as well: the room must be used.
TEST(LedgerInAClusterOnce, KeepsTheQuotaBusy) {
  Cluster cluster({.seed = 7,
                   .hard = {{"pods", 8}},
                   .max_lag = 20,
                   .max_controller_delay = 50,
                   .min_run = 900,
                   .max_run = 1100});
  for (int i = 0; i < 400; ++i) {
    const auto n = std::to_string(i);
    cluster.wish({.job = "j" + n,
                  .run_ns = "a",
                  .run_name = n,
                  .run_uid = n,
                  .target_uid = n,
                  .requests = {100, kMi},
                  .limits = {100, kMi},
                  .since = i});
  }
  cluster.run(3'600'000);
  EXPECT_EQ(cluster.finished, 400);
  EXPECT_EQ(cluster.rejected, 0);
  EXPECT_EQ(cluster.most_running, 8U);
  const double share = static_cast<double>(cluster.busy) / (8.0 * static_cast<double>(cluster.elapsed));
  EXPECT_GT(share, 0.75) << "of the quota's pod-seconds";
}

TEST(LedgerInAClusterOnce, NamespacesGetEqualShares) {
  Cluster cluster({.seed = 3, .hard = {{"pods", 5}}});
  for (int i = 0; i < 200; ++i) {  // "big" asks for nine tenths, and first
    const auto n = std::to_string(i);
    const bool big = i < 180;
    cluster.wish({.job = (big ? "big" : "small") + n,
                  .run_ns = big ? "big" : "small",
                  .run_name = n,
                  .run_uid = n,
                  .target_uid = n,
                  .requests = {100, kMi},
                  .limits = {100, kMi},
                  .since = i});
  }
  cluster.run(3'600'000);
  ASSERT_EQ(cluster.order.size(), 200U);
  const auto small = std::count_if(cluster.order.begin(), cluster.order.begin() + 40,
                                   [](const std::string& job) { return job.starts_with("small"); });
  EXPECT_EQ(small, 20);
}

TEST(LedgerInAClusterOnce, ALargeOneIsNotStarvedByAStreamOfSmallOnes) {
  Cluster cluster({.seed = 5, .hard = {{"requests.cpu", 1000}}, .min_run = 2000, .max_run = 9000});
  const auto wish = [](const std::string& name, int64_t cpu) {
    return Wish{.job = name,
                .run_ns = "a",
                .run_name = name,
                .run_uid = name,
                .target_uid = name,
                .requests = {cpu, kMi},
                .limits = {cpu, kMi},
                .since = 1};
  };
  for (int i = 0; i < 8; ++i) cluster.wish(wish("s" + std::to_string(i), 250));
  cluster.wish(wish("large", 900));
  int next = 8;
  cluster.on_grant = [&](const Grant&) {
    if (next < 400) cluster.wish(wish("s" + std::to_string(next++), 250));
  };
  const int64_t began = 1'000'000'000;
  cluster.run(3'600'000);
  ASSERT_TRUE(cluster.granted_at.contains("large"));
  EXPECT_LT(cluster.granted_at["large"] - began, 60'000);
  EXPECT_EQ(cluster.rejected, 0);
}

}  // namespace
}  // namespace edp::reconcile
