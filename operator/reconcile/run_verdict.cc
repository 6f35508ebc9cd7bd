#include <algorithm>

#include "operator/reconcile/run_reconciler.h"
#include "operator/reconcile/status.h"

namespace edp::reconcile {
namespace {

constexpr size_t kWorst = 5;

}  // namespace

void Reconciler::take(TargetStatus& target, const Outcome& outcome) {
  target.critical = outcome.critical;
  target.warning = outcome.warning;
  target.info = outcome.info;
  target.exit_status = outcome.exit_status;
  target.digest = outcome.uploaded ? outcome.digest : "";
  for (watch::WorstFinding finding : outcome.worst) {
    finding.pod = target.pod;
    status_.worst.push_back(std::move(finding));
  }
  std::ranges::stable_sort(status_.worst, [](const watch::WorstFinding& a, const watch::WorstFinding& b) {
    return severity_rank(a.severity) > severity_rank(b.severity);
  });
  if (status_.worst.size() > kWorst) status_.worst.resize(kWorst);
  if (!target.digest.empty()) point_to_report(target);
  tell_pod(
      target, outcome.critical > 0, "Diagnosed",
      verdict_text(outcome.critical, outcome.warning, outcome.info) + " (DiagnosticRun " + run_.name + ")");
}

void Reconciler::point_to_report(const TargetStatus& target) {
  const std::string& base = settings_.public_url.empty() ? settings_.job.reports_url : settings_.public_url;
  status_.report_url = base + "/api/v1/runs/" + run_.ns.str() + "/" + run_.name;
  if (status_.targets.size() > 1) return;
  status_.report_url += "/" + run_.uid + "/targets/" + target.uid + "/report.json";
  status_.report_digest = target.digest;
}

void Reconciler::count() {
  const auto in_phase = [&](std::string_view phase) {
    return static_cast<int32_t>(std::ranges::count(status_.targets, phase, &TargetStatus::phase));
  };
  status_.matched = static_cast<int32_t>(status_.targets.size());
  status_.waiting = in_phase("Waiting");
  status_.running = in_phase("Running");
  status_.succeeded = in_phase("Succeeded");
  status_.failed = in_phase("Failed");
  status_.critical = status_.warning = status_.info = 0;
  for (const TargetStatus& target : status_.targets) {
    status_.critical += target.critical;
    status_.warning += target.warning;
    status_.info += target.info;
  }
  if (status_.succeeded > 0) {
    status_.verdict = verdict_text(status_.critical, status_.warning, status_.info);
  }
}

void Reconciler::judge_gate() {
  static const watch::ProfileRecord kNoProfile;
  const int gate = severity_rank(effective_gate(run_, profile_ == nullptr ? kNoProfile : *profile_));
  const bool reached = (status_.critical > 0 && gate <= 3) || (status_.warning > 0 && gate <= 2) ||
                       (status_.info > 0 && gate <= 1);
  if (reached) {
    status_.gate_result = "Failed";
  } else if (is_true(status_, "Succeeded")) {
    status_.gate_result = "Passed";
  }
}

void Reconciler::conclude() {
  if (status_.waiting > 0 || status_.running > 0) {
    if (status_.running > 0) {
      condition("Running", true, "Running", "");
    } else if (run_.suspend) {
      condition("Running", false, "Suspended", "spec.suspend is true");
    } else {
      condition("Running", false, "Waiting", "");
    }
    if (!is_true(status_, "Admitted")) {
      condition("Admitted", false, run_.suspend ? "Suspended" : "Waiting",
                run_.suspend ? "spec.suspend is true" : "waits for room in the quota");
    }
    return;
  }
  if (status_.failed == 0) {
    const bool stored = std::ranges::none_of(
        status_.targets, [](const TargetStatus& target) { return target.reason == "ReportNotStored"; });
    condition("Running", false, "Finished", "");
    condition("Succeeded", true, stored ? "Diagnosed" : "ReportNotStored",
              stored ? status_.verdict : status_.verdict + "; not every full report could be stored");
    status_.completed = now_;
  } else {
    const auto first = std::ranges::find(status_.targets, "Failed", &TargetStatus::phase);
    std::string message = first->message;
    if (status_.targets.size() > 1) {
      message = std::to_string(status_.failed) + " of " + std::to_string(status_.targets.size()) +
                " targets failed; " + first->pod + ": " + first->message;
    }
    fail_run(first->reason, message);
  }
  judge_gate();
}

}  // namespace edp::reconcile
