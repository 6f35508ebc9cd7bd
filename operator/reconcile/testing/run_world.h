// A cluster as reconcile_run() sees it: one run, its targets, its Jobs and their pods; and a ledger. What is
// written is seen at once, unless a test says otherwise.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "operator/reconcile/run.h"
#include "operator/reconcile/testing/records.h"

namespace edp::reconcile::testing {

inline std::string summary(int exit_status, int critical = 0, int warning = 0, bool uploaded = true,
                           const std::string& error = "") {
  std::string worst;
  for (int i = 0; i < critical + warning && i < 5; ++i) {
    worst += std::string(i == 0 ? "" : ",") + R"({"rule":"R)" + std::to_string(i) + R"(","severity":")" +
             (i < critical ? "CRITICAL" : "WARNING") +
             R"(","title":"t","location":"main.f","fingerprint":"f"})";
  }
  return R"({"schema":"edp.summary/v1","exit_status":)" + std::to_string(exit_status) + R"(,"critical":)" +
         std::to_string(critical) + R"(,"warning":)" + std::to_string(warning) + R"(,"info":0,"worst":[)" +
         worst + R"(],"digest":"sha256:)" + std::string(64, 'a') + R"(","uploaded":)" +
         (uploaded ? "true" : "false") + R"(,"error":")" + error + "\"}";
}

class RunWorld {
 public:
  explicit RunWorld(watch::RunRecord of) : run(std::move(of)) { settings.job.image = "edp:test"; }

  watch::RunRecord run;
  std::map<std::string, watch::PodRecord> pods;
  std::map<std::string, watch::JobRecord> jobs;
  std::map<std::string, watch::PodRecord> runners;  // by Job
  std::optional<watch::ProfileRecord> profile;
  std::optional<watch::PolicyRecord> policy;
  WorkloadState workload = WorkloadState::kByOwner;
  RunSettings settings;
  Ledger ledger;
  int64_t now = 1001;
  bool run_deleted = false;
  std::vector<std::string> created, deleted;  // Jobs, in order
  std::vector<EventNote> events;

  void add(watch::PodRecord pod) { pods.insert_or_assign(pod.name, std::move(pod)); }
  void add_pods(int count) {
    for (int i = 0; i < count; ++i) {
      add(pod("checkout-7d4b9-" + std::to_string(i)));
    }
  }

  [[nodiscard]] RunInput input() const {
    RunInput in{.run = &run,
                .profile = profile ? &*profile : nullptr,
                .policy = policy ? &*policy : nullptr,
                .workload = workload,
                .answers = ledger.answers(run.uid, now),
                .now = now};
    in.pods.find = [this](std::string_view name) {
      const auto found = pods.find(std::string(name));
      return found == pods.end() ? nullptr : &found->second;
    };
    in.pods.each = [this](const std::function<void(const watch::PodRecord&)>& visit) {
      for (const auto& [name, pod] : pods) visit(pod);
    };
    for (const auto& [name, job] : jobs) in.jobs.push_back(&job);
    for (const auto& [name, runner] : runners) in.runner_pods.push_back(&runner);
    return in;
  }

  // One pass, its output carried out.
  RunOutput step() {
    RunOutput out = reconcile_run(input(), settings);
    if (out.status) run.status = *out.status;
    for (const EventNote& event : out.events) events.push_back(event);
    ledger.wish(run.uid, out.wishes);
    for (const Action& action : out.actions) carry_out(action);
    (void)ledger.admit(now);
    return out;
  }

  // Until nothing changes any more without time passing.
  void settle() {
    for (int i = 0; i < 50; ++i) {
      const RunOutput out = step();
      if (!out.status && out.actions.empty() && !granted()) return;
    }
    throw std::runtime_error("never settles");
  }

  void carry_out(const Action& action) {
    switch (action.kind) {
      case Action::Kind::kCreateJob: {
        ledger.placing(action.name, now);
        if (jobs.contains(action.name)) return;
        created.push_back(action.name);
        watch::JobRecord job{.ns = watch::Symbol(action.ns),
                             .name = action.name,
                             .uid = "uid-" + action.name,
                             .run_uid = action.run_uid,
                             .run_namespace = action.run_ns,
                             .run_name = action.run_name,
                             .target_uid = action.target_uid,
                             .attempt = std::stoi(action.name.substr(action.name.rfind('-') + 1)),
                             .created = now};
        watch::PodRecord runner;
        runner.ns = job.ns;
        runner.name = action.name + "-x";
        runner.uid = "pod-" + action.name;
        runner.labels = labels({{"edp.dev/run-uid", action.run_uid},
                                {"edp.dev/target-uid", action.target_uid},
                                {"edp.dev/attempt", std::to_string(job.attempt)}});
        runner.created = now;
        runner.phase = watch::PodPhase::kRunning;
        runner.runner = std::make_unique<watch::RunnerPod>();
        ledger.job(job, now);
        jobs.emplace(action.name, std::move(job));
        runners.emplace(action.name, std::move(runner));
        return;
      }
      case Action::Kind::kDeleteJob:
        deleted.push_back(action.name);
        jobs.erase(action.name);
        runners.erase(action.name);
        ledger.job_gone(action.ns, action.name, now);
        return;
      case Action::Kind::kDeleteRun:
        run_deleted = true;
        return;
      case Action::Kind::kAddEphemeralContainer:
        ledger.placing(action.name, now);
        created.push_back(action.name);
        pods.at(action.pod).ephemeral = std::make_unique<std::vector<watch::EphemeralContainer>>();
        pods.at(action.pod).ephemeral->push_back({.name = action.name});
        ledger.job({.ns = watch::Symbol(action.ns),
                    .name = action.name,
                    .run_uid = action.run_uid,
                    .target_uid = action.target_uid,
                    .created = now},
                   now);
        return;
      case Action::Kind::kCreateRun:
        return;
    }
  }

  // The only unfinished Job.
  watch::JobRecord& job() {
    for (auto& [name, job] : jobs) {
      if (!job.done()) return job;
    }
    throw std::runtime_error("no Job is running");
  }

  void end_job(watch::JobRecord& job, bool complete, std::optional<int> exit_code, const std::string& message,
               const std::string& reason = "") {
    watch::PodRecord& runner = runners.at(job.name);
    runner.phase = complete ? watch::PodPhase::kSucceeded : watch::PodPhase::kFailed;
    runner.runner->message = message;
    runner.runner->exit_code = exit_code;
    (complete ? job.complete : job.failed) = true;
    job.reason = reason;
    job.finished = now;
    ledger.job(job, now);
  }
  void end_well(int critical = 0, int warning = 0) {
    end_job(job(), true, 0, summary(critical + warning > 0 ? 2 : 0, critical, warning));
  }
  void end_badly(int exit_code, const std::string& message = "") {
    end_job(job(), false, exit_code, message);
  }

 private:
  bool granted() const {
    for (const auto& [job, answer] : ledger.answers(run.uid, now)) {
      if (answer == Answer::kGranted || answer == Answer::kTooLarge) return true;
    }
    return false;
  }
};

}  // namespace edp::reconcile::testing
