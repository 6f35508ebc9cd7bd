// A small cluster for the ledger's tests: a quota with its admission and its controller, a Job controller,
// and three watches, each with a lag of its own. Time in milliseconds. Everything follows from the seed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "operator/reconcile/charge.h"
#include "operator/reconcile/ledger.h"

namespace edp::reconcile::testing {

struct ClusterOptions {
  uint32_t seed = 1;
  std::map<std::string, int64_t> hard;
  int max_lag = 200;               // of each watch, a message; order is kept
  int max_controller_delay = 300;  // Job -> pod, pod's end -> Job's end, pod's end -> quota
  int min_run = 200, max_run = 3000;
  double stale_recalculation = 0;  // chance that the quota controller misses the pods of the last second
  double crash = 0;                // chance, per second, that the operator starts anew
  double cancel = 0;               // chance that a Job is deleted right after it was made
};

class Cluster {
 public:
  explicit Cluster(ClusterOptions options);

  void wish(const Wish& wish);
  // Until everything wished has ended, or `limit` ms have passed.
  void run(int64_t limit);

  int rejected = 0;  // "exceeded quota"
  int finished = 0;  // Jobs that ended by themselves
  int cancelled = 0;
  int crashes = 0;
  int twins = 0;        // two unfinished Jobs for one target
  int64_t elapsed = 0;  // ms
  int64_t busy = 0;     // pod-milliseconds
  size_t most_running = 0;
  std::vector<std::string> order;  // of granted Jobs
  std::map<std::string, int64_t> granted_at;
  std::function<void(const Grant&)> on_grant;

 private:
  struct Pod {
    Charge charge{};
    int64_t created = 0;
    uint64_t version = 0;
    bool ended = false;
  };
  struct Job {
    Wish wish;
    watch::JobRecord record;
    uint64_t birth = 0;  // a Job made anew under its name is another one
  };
  using Then = std::function<void()>;

  void at(int64_t when, Then then);
  int64_t soon(int most) { return now_ + static_cast<int64_t>(random_() % static_cast<uint32_t>(most + 1)); }
  bool chance(double p) { return std::uniform_real_distribution<double>(0, 1)(random_) < p; }
  // Delivers in order, each message late by chance; lost with the operator's life.
  void tell(int stream, std::function<void(Ledger&)> what);
  void tell_quota();
  void recalculate();
  void create_job(const Wish& wish);
  [[nodiscard]] bool lives(const std::string& job, uint64_t birth) const;
  void create_pod(const std::string& job, uint64_t birth);
  void tell_pod(const std::string& job, const Pod& pod);
  void end_pod(const std::string& job);
  void admit();
  void start_operator();
  [[nodiscard]] bool over(const Charge& with) const;
  void publish(const Job& job);

  ClusterOptions options_;
  std::mt19937 random_;
  int64_t now_ = 1'000'000'000;  // ms
  uint64_t version_ = 100;
  uint64_t number_ = 0;
  std::map<std::pair<int64_t, uint64_t>, Then> events_;
  Charge used_{};
  std::map<std::string, Pod> pods_;
  std::map<std::string, Job> jobs_;
  std::map<std::string, Wish> open_;  // wished, not ended
  int64_t last_told_[3] = {0, 0, 0};
  int life_ = 0, lives_ = 0;  // 0: dead
  std::unique_ptr<Ledger> ledger_;
};

}  // namespace edp::reconcile::testing
