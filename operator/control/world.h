// What is known of the cluster: the stores, and the look-ups that reconciling needs. One thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "operator/watch/records.h"
#include "operator/watch/store.h"

namespace edp::control {

// Called after the look-ups know of the change; see Store::OnChange for what null means.
struct WorldListener {
  std::function<void(const watch::PodRecord* old, const watch::PodRecord* now)> on_pod;
  std::function<void(const watch::JobRecord* old, const watch::JobRecord* now)> on_job;
  std::function<void(const watch::RunRecord* old, const watch::RunRecord* now)> on_run;
  std::function<void(const watch::ProfileRecord* old, const watch::ProfileRecord* now)> on_profile;
  std::function<void(const watch::PolicyRecord* old, const watch::PolicyRecord* now)> on_policy;
  std::function<void(const watch::QuotaRecord* old, const watch::QuotaRecord* now)> on_quota;
};

class World {
 public:
  explicit World(WorldListener listener);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  watch::Store<watch::PodRecord> pods;
  watch::Store<watch::JobRecord> jobs;
  watch::Store<watch::RunRecord> runs;
  watch::Store<watch::ProfileRecord> profiles;
  watch::Store<watch::PolicyRecord> policies;
  watch::Store<watch::QuotaRecord> quotas;

  [[nodiscard]] bool synced() const;

  using PodSet = std::unordered_set<const watch::PodRecord*>;
  [[nodiscard]] const PodSet& pods_in(const watch::Symbol& ns) const;
  // The runners' own pods, and the Jobs, of one run.
  [[nodiscard]] std::vector<const watch::PodRecord*> runner_pods(std::string_view run_uid) const;
  [[nodiscard]] std::vector<const watch::JobRecord*> jobs_of(std::string_view run_uid) const;
  [[nodiscard]] const watch::RunRecord* run(const std::string& uid) const;

 private:
  template <typename T>
  using ByRun = std::unordered_map<std::string, std::vector<const T*>>;

  void pod_changed(const watch::PodRecord* old, const watch::PodRecord* now);
  void job_changed(const watch::JobRecord* old, const watch::JobRecord* now);
  void run_changed(const watch::RunRecord* old, const watch::RunRecord* now);

  WorldListener listener_;
  std::unordered_map<watch::Symbol, PodSet> pods_by_namespace_;
  ByRun<watch::PodRecord> runner_pods_;
  ByRun<watch::JobRecord> jobs_by_run_;
  std::unordered_map<std::string, const watch::RunRecord*> runs_by_uid_;
};

// The label edp.dev/run-uid of a runner's pod; empty where the pod is none.
std::string_view run_uid_of(const watch::PodRecord& pod);

}  // namespace edp::control
