// The runs: keeps the ledger, calls reconcile_run for whatever changed, and hands the calls to the actor. At
// most one task of a run is under way; what changes meanwhile is looked at once it has ended.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "operator/control/office.h"
#include "operator/control/runner_directory.h"
#include "operator/reconcile/ledger.h"
#include "operator/reconcile/run.h"

namespace edp::control {

class RunDesk {
 public:
  RunDesk(Office& office, Directory& directory, reconcile::RunSettings settings,
          reconcile::LedgerOptions ledger);

  // From now on this replica decides; everything is looked at afresh.
  void lead(double now);
  void retire();

  void on_run(const watch::RunRecord* old, const watch::RunRecord* now, double time);
  void on_job(const watch::JobRecord* old, const watch::JobRecord* now, double time);
  void on_pod(const watch::PodRecord* old, const watch::PodRecord* now, double time);
  void on_profile(std::string_view name, double time);
  void on_quota(const watch::QuotaRecord* old, const watch::QuotaRecord* now, double time);

  void reconcile(const std::string& uid, double now);
  void sweep_gone(const std::string& uid, double now);
  // Lets in whoever fits; true if anybody was.
  bool admit(double now);
  void on_outcome(const act::Outcome& outcome, const std::string& uid, double now);
  // When admit() has something to do by itself; 0: never.
  [[nodiscard]] double next_due(double now) const;

  void set_reports_ca(std::string pem) { settings_.job.reports_ca = std::move(pem); }
  void measure(double now);

 private:
  struct Sent {  // what a step of the task under way was for
    std::string job;
    bool finishes = false;  // a status with which the run ends
  };
  struct Work {
    bool busy = false, again = false;
    bool failed = false;  // the last task
    std::vector<Sent> sent;
    std::vector<reconcile::EventNote> notes;  // to be told once the task under way went well
    double first_seen = 0;
    bool job_seen = false;
    std::vector<std::string> targets;  // uids, as in targets_
  };

  void look_at(std::string_view uid, double now);
  void index_targets(const watch::RunRecord& run, Work& work);
  void forget(const std::string& uid);
  void tell_directory(const watch::PodRecord* old, const watch::PodRecord* now);
  void tell_ledger(const std::string& run_uid, const watch::PodRecord& pod, bool gone, double time);
  void tell_audit_failure(const std::string& uid, const std::string& problem, double now);
  void tell_events(Work& work, double now);
  void count_finished(const watch::RunRecord& run);

  Office& office_;
  Directory& directory_;
  reconcile::RunSettings settings_;
  const reconcile::LedgerOptions ledger_options_;
  reconcile::Ledger ledger_;
  bool leading_ = false;
  std::unordered_map<std::string, Work> work_;                         // by run uid, while it isn't finished
  std::unordered_map<std::string, std::set<std::string>> targets_;     // pod uid -> run uids
  std::unordered_map<watch::Symbol, std::set<std::string>> choosing_;  // namespace -> runs without targets
};

}  // namespace edp::control
