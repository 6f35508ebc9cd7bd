// `edp-runner` outside a cluster: diagnoses pods by DiagnosticRuns, waits for the verdict, and leaves the
// same reports and the same exit status as a diagnosis of its own would.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "runner/kubectl/reports.h"
#include "runner/kubectl/target.h"

namespace edp::kubectl {

struct RemoteOptions {
  std::vector<ClusterTarget> targets;  // empty: all pods with edp-enabled=true of the namespace
  RunOptions run;
  double timeout_seconds = 300;            // for everything, from the creation of the runs to the reports
  std::string output, html, junit, sarif;  // files; empty: not asked for
  ReportAccess reports;
  bool quiet = false;
  bool no_color = false;
};

// Whether a cluster is at hand: KUBECONFIG, a pod's service account, or ~/.kube/config.
bool cluster_at_hand();

// Returns the exit status: 0 no finding at or above the gate, 1 usage, rights or an error, 2 finding(s) at or
// above the gate, 3 a target could not be diagnosed (in time) and nothing at the gate was found in the
// others. On Ctrl-C, SIGTERM and when the time is up the runs are cancelled; reports that are there by then
// are still written.
int run_remote(const RemoteOptions& options);

}  // namespace edp::kubectl
