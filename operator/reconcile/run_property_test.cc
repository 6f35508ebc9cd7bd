// One run in a cluster whose watches lag and whose operator dies before or after any of its writes.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "operator/reconcile/status.h"
#include "operator/reconcile/testing/run_world.h"

namespace edp::reconcile {
namespace {

using testing::RunWorld;
using testing::summary;

constexpr int kMaxAttempts = 3;

// How attempt `number` at target `index` ends, whenever that is.
enum class End : uint8_t { kClean, kFindings, kUnreachable, kCrash, kEvicted };
End end_of(uint32_t seed, size_t index, int number) {
  std::mt19937 random(seed * 7919U + static_cast<uint32_t>(index) * 104'729U +
                      static_cast<uint32_t>(number) * 31U);
  return static_cast<End>(random() % 5);
}

watch::PodRecord copy(const watch::PodRecord& of) {
  watch::PodRecord record;
  record.ns = of.ns;
  record.name = of.name;
  record.uid = of.uid;
  record.labels = of.labels;
  record.created = of.created;
  record.phase = of.phase;
  if (of.runner) record.runner = std::make_unique<watch::RunnerPod>(*of.runner);
  return record;
}

class DeadlyWorld {
 public:
  DeadlyWorld(uint32_t seed, double deadly, bool lagging)
      : seed_(seed), random_(seed), deadly_(deadly), lagging_(lagging), truth_(testing::run()) {
    truth_.add_pods(static_cast<int>(1 + seed % 5));
    truth_.run.max_parallel = static_cast<int32_t>(1 + seed / 5 % 3);
    if (seed % 3 == 0) truth_.run.target = {.pod = truth_.pods.begin()->first};
    restart();
  }

  int deaths = 0, writes = 0;
  std::map<std::string, int> creates;  // by Job
  std::string fault;

  // False if it does not come to an end.
  bool live() {
    for (int step = 0; step < 3000; ++step) {
      if (finished(truth_.run.status) && !finished_told_) finished_told_ = true;
      if (finished_told_ && unfinished() == 0) return true;
      truth_.now += static_cast<int64_t>(random_() % 4);
      if (random_() % 3 == 0) end_some_job();
      if (random_() % 2 == 0) bury();
      observe();
      work();
      check();
      if (!fault.empty()) return false;
    }
    return false;
  }

  [[nodiscard]] const watch::RunRecord& run() const { return truth_.run; }

 private:
  struct Died {};

  bool chance(double p) { return std::uniform_real_distribution<double>(0, 1)(random_) < p; }

  // One write to the apiserver; the operator may die right before or right after it.
  template <typename F>
  void write(F&& made) {
    if (chance(deadly_)) throw Died();
    ++writes;
    made();
    if (chance(deadly_)) throw Died();
  }

  void restart() {
    ledger_ = Ledger();
    see_jobs(true);
    seen_run_ = truth_.run;
    see_runners();
  }

  void observe() {
    if (!lagging_ || random_() % 2 == 0) seen_run_ = truth_.run;
    if (!lagging_ || random_() % 2 == 0) see_jobs(false);
    if (!lagging_ || random_() % 2 == 0 || truth_.now - runners_seen_ > 20) see_runners();
  }

  void see_jobs(bool fresh) {
    if (!fresh) {
      for (const auto& [name, job] : seen_jobs_) {
        if (!truth_.jobs.contains(name)) ledger_.job_gone(job.ns.view(), name, truth_.now);
      }
    }
    seen_jobs_ = truth_.jobs;
    for (const auto& [name, job] : seen_jobs_) ledger_.job(job, truth_.now);
  }

  void see_runners() {
    seen_runners_.clear();
    runners_seen_ = truth_.now;
    for (const auto& [job, pod] : truth_.runners) seen_runners_.emplace(job, copy(pod));
  }

  RunInput input() {
    RunInput in = truth_.input();
    in.run = &seen_run_;
    in.jobs.clear();
    for (const auto& [name, job] : seen_jobs_) in.jobs.push_back(&job);
    in.runner_pods.clear();
    for (const auto& [name, pod] : seen_runners_) in.runner_pods.push_back(&pod);
    in.answers = ledger_.answers(seen_run_.uid, truth_.now);
    return in;
  }

  void work() {
    try {
      const RunOutput out = reconcile_run(input(), settings_);
      // The same question has the same answer.
      const RunOutput again = reconcile_run(input(), settings_);
      if (out.actions != again.actions || out.status != again.status) fault = "not a function";
      ledger_.wish(seen_run_.uid, out.wishes);
      for (const Action& action : out.actions) {
        if (action.kind == Action::Kind::kCreateJob) ledger_.placing(action.name, truth_.now);
      }
      for (const Action& action : out.actions) {
        if (action.early) write([&] { carry_out(action); });
      }
      bool conflict = false;
      if (out.status) {
        write([&] {
          conflict = seen_run_.resource_version != truth_.run.resource_version;
          if (conflict) return;
          truth_.run.status = *out.status;
          truth_.run.resource_version = std::to_string(++version_);
        });
        // What was stored calls for no other status.
        if (!conflict) {
          RunInput after = input();
          after.run = &truth_.run;
          const RunOutput second = reconcile_run(after, settings_);
          if (second.status && *second.status == truth_.run.status) fault = "a write that changes nothing";
          RunInput same = input();
          same.run = &truth_.run;
          same.answers.clear();
          if (const auto third = reconcile_run(same, settings_); third.status && !second.status) {
            fault = "not idempotent";
          }
        }
      }
      for (const Action& action : out.actions) {
        if (action.early) continue;
        if (conflict) {
          if (action.kind == Action::Kind::kCreateJob) ledger_.not_placed(action.name);
          continue;
        }
        write([&] { carry_out(action); });
      }
      (void)ledger_.admit(truth_.now);
    } catch (const Died&) {
      ++deaths;
      restart();
    }
  }

  void carry_out(const Action& action) {
    if (action.kind == Action::Kind::kCreateJob) {
      if (truth_.jobs.contains(action.name)) return;  // 409
      ++creates[action.name];
      truth_.carry_out(action);
      truth_.jobs.at(action.name).version = ++version_;
    } else if (action.kind == Action::Kind::kDeleteJob) {
      const auto found = truth_.jobs.find(action.name);
      if (found != truth_.jobs.end() && found->second.uid == action.uid) found->second.deleting = true;
    }
  }

  void bury() {
    for (auto at = truth_.jobs.begin(); at != truth_.jobs.end();) {
      if (at->second.deleting) {
        truth_.runners.erase(at->first);
        at = truth_.jobs.erase(at);
      } else {
        ++at;
      }
    }
  }

  void end_some_job() {
    for (auto& [name, job] : truth_.jobs) {
      if (job.done() || job.deleting) continue;
      const size_t index = static_cast<size_t>(job.target_uid.back() - '0');
      switch (end_of(seed_, index, job.attempt)) {
        case End::kClean:
          truth_.end_job(job, true, 0, summary(0));
          break;
        case End::kFindings:
          truth_.end_job(job, true, 0, summary(2, 1, 2));
          break;
        case End::kUnreachable:
          truth_.end_job(job, false, 3, summary(3));
          break;
        case End::kCrash:
          truth_.end_job(job, false, 139, "");
          break;
        case End::kEvicted:
          truth_.end_job(job, false, std::nullopt, "");
          break;
      }
      return;
    }
  }

  [[nodiscard]] int unfinished() const {
    int count = 0;
    for (const auto& [name, job] : truth_.jobs) count += job.done() ? 0 : 1;
    return count;
  }

  void check() {
    std::map<std::string, int> by_target;
    for (const auto& [name, job] : truth_.jobs) {
      if (!job.done() && ++by_target[job.target_uid] > 1) fault = "two Jobs at one target";
    }
    if (unfinished() > truth_.run.max_parallel) fault = "more Jobs than maxParallel";
    for (const auto& [job, times] : creates) {
      if (times > 1) fault = job + " was created twice";
    }
    const auto accepted = find_condition(truth_.run.status, "Accepted");
    if (!truth_.run.status.conditions.empty() && accepted == nullptr) fault = "a status without Accepted";
  }

  uint32_t seed_;
  std::mt19937 random_;
  double deadly_;
  bool lagging_;
  RunWorld truth_;
  RunSettings settings_;
  Ledger ledger_;
  watch::RunRecord seen_run_;
  std::map<std::string, watch::JobRecord> seen_jobs_;
  std::map<std::string, watch::PodRecord> seen_runners_;
  int64_t runners_seen_ = 0;
  uint64_t version_ = 100;
  bool finished_told_ = false;
};

// What must come of it, whatever happens on the way.
void expect_end(const watch::RunRecord& run, uint32_t seed) {
  bool all = true;
  int critical = 0;
  for (const watch::TargetStatus& target : run.status.targets) {
    const size_t index = static_cast<size_t>(target.uid.back() - '0');
    int number = 1;
    const auto good = [&] { return end_of(seed, index, number) <= End::kFindings; };
    while (number < kMaxAttempts && !good()) ++number;
    EXPECT_EQ(target.attempt, number) << "seed " << seed << ", " << target.pod;
    EXPECT_EQ(target.phase, good() ? "Succeeded" : "Failed") << "seed " << seed << ", " << target.message;
    if (!good()) {
      EXPECT_EQ(target.reason, "RetriesExhausted") << "seed " << seed;
    }
    all = all && good();
    critical += end_of(seed, index, number) == End::kFindings ? 1 : 0;
  }
  EXPECT_EQ(run.status.targets.size(), seed % 3 == 0 ? 1 : 1 + seed % 5);
  EXPECT_EQ(run.status.critical, critical) << "seed " << seed;
  EXPECT_EQ(run.status.worst.size(), std::min<size_t>(5, static_cast<size_t>(critical) * 3))
      << "seed " << seed;
  EXPECT_EQ(is_true(run.status, "Succeeded"), all) << "seed " << seed;
  EXPECT_EQ(is_true(run.status, "Failed"), !all) << "seed " << seed;
}

TEST(RunProperty, ComesToItsEndWithoutDeath) {
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    DeadlyWorld world(seed, 0, false);
    ASSERT_TRUE(world.live()) << "seed " << seed << ": " << world.fault;
    expect_end(world.run(), seed);
  }
}

TEST(RunProperty, ComesToTheSameEndWhenWatchesLag) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    DeadlyWorld world(seed, 0, true);
    ASSERT_TRUE(world.live()) << "seed " << seed << ": " << world.fault;
    expect_end(world.run(), seed);
  }
}

TEST(RunProperty, ComesToTheSameEndThroughDeathAtAnyWrite) {
  int deaths = 0, writes = 0;
  for (uint32_t seed = 1; seed <= 500; ++seed) {
    DeadlyWorld world(seed, 0.15, true);
    ASSERT_TRUE(world.live()) << "seed " << seed << ": " << world.fault;
    expect_end(world.run(), seed);
    deaths += world.deaths;
    writes += world.writes;
  }
  std::printf("%d deaths around %d writes\n", deaths, writes);
  EXPECT_GT(deaths, 1000);
}

}  // namespace
}  // namespace edp::reconcile
