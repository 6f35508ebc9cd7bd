// From what is wanted and what is seen of one DiagnosticRun to its status and what is to be done. Pure.
//
// The rules that make it safe to die anywhere:
//   - Targets are chosen once, and status.targets is the memory. Nothing is created for a target before it is
//     stored, but for a pod that the spec of a young run names: there is nothing to choose.
//   - A Job's name says run, target and attempt. Attempt n+1 begins only after the end of attempt n is in the
//     stored status, which only follows from a Job that was seen to have ended or to be gone.
//   - A Job that is unfinished although its target or its run has ended, or that belongs to no target, is
//     deleted.
//
// How to use the output: write `status` first (if set; early actions may go before it); `events` only after
// that succeeded, so that they are told once; `wishes` to Ledger::wish() always; `actions` at any time, those
// under way (key_of) not twice.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "operator/reconcile/action.h"
#include "operator/reconcile/job.h"
#include "operator/reconcile/ledger.h"
#include "operator/watch/records.h"

namespace edp::reconcile {

struct RunSettings {
  JobSettings job;
  std::string public_url;  // for people, in status.report.url; empty: job.reports_url
  bool allow_node = false;
  std::set<std::string, std::less<>> ephemeral_namespaces;  // whose pods may get an ephemeral container
  size_t max_targets = 24;
  int64_t wait_for_pods = 30;   // seconds for a pod to match
  int64_t image_patience = 60;  // seconds of ErrImagePull
  int64_t retry_base = 10, retry_cap = 300;
  int64_t message_patience = 30;      // seconds for the runner's pod to show its end after its Job did
  bool delete_finished_jobs = false;  // once their outcome is stored; else ttlSecondsAfterFinished does it
};

// The pods of the run's namespace.
struct PodView {
  std::function<const watch::PodRecord*(std::string_view name)> find;
  std::function<void(const std::function<void(const watch::PodRecord&)>& visit)> each;
};

enum class WorkloadState : uint8_t {
  kByOwner,   // not asked: pods tell by their owner (a ReplicaSet's name less the pod's template hash)
  kAsking,    // the answer comes later
  kMissing,   // there is no such workload
  kSelector,  // `workload_selector` says which pods
};

struct RunInput {
  const watch::RunRecord* run = nullptr;          // never null
  const watch::ProfileRecord* profile = nullptr;  // the object of that name, null if there is none
  const watch::PolicyRecord* policy = nullptr;    // that made it, if it still exists
  PodView pods;
  WorkloadState workload = WorkloadState::kByOwner;
  watch::Selector workload_selector;
  std::vector<const watch::JobRecord*> jobs;           // of this run's uid
  std::vector<const watch::PodRecord*> runner_pods;    // label edp.dev/run-uid is this run's
  std::map<std::string, Answer, std::less<>> answers;  // Ledger::answers(run uid)
  int64_t now = 0;
};

struct RunOutput {
  std::optional<watch::RunStatus> status;  // set if it differs from the stored one
  std::vector<Wish> wishes;
  std::vector<Action> actions;
  std::vector<EventNote> events;
  int64_t look_again = 0;  // reconcile at that time even if nothing changes; 0: no need
};

RunOutput reconcile_run(const RunInput& input, const RunSettings& settings);

// Of a run that is gone: its unfinished Jobs are deleted.
std::vector<Action> reconcile_gone(const std::vector<const watch::JobRecord*>& jobs);

// Succeeded or Failed is True.
bool finished(const watch::RunStatus& status);

// Does the pod belong to the workload, by its owner? "Deployment" also through its ReplicaSet.
bool owned_by(const watch::PodRecord& pod, std::string_view kind, std::string_view name);
// The workload that the pod belongs to, as far as its owner tells: {"Deployment", "checkout"}. Empty: none.
struct WorkloadName {
  std::string kind, name;
  bool operator==(const WorkloadName&) const = default;
};
WorkloadName workload_of(const watch::PodRecord& pod);
// pod-template-hash or controller-revision-hash: pods of one workload that differ in it differ in their
// template.
std::string_view revision_of(const watch::PodRecord& pod);

}  // namespace edp::reconcile
