// The pipeline: collect -> decode -> analyse -> report.
#pragma once

#include <string>
#include <vector>

#include "common/audit/journal.h"
#include "common/cancel.h"
#include "runner/collect/collect.h"
#include "runner/config/diagnostic_profile.h"
#include "runner/report/sealed.h"

namespace edp::run {

// The contract with pipelines and the operator.
enum ExitStatus : int {
  kNothingAtGate = 0,
  kError = 1,  // usage or internal error
  kFindingsAtGate = 2,
  kNothingToJudge = 3,  // target not reachable, or timed out with nothing to judge
};

struct Request {
  config::DiagnosticProfile profile;
  std::vector<collect::TargetSpec> targets;
  collect::Access access;
  audit::Journal* journal = nullptr;  // borrowed; null: acts are not audited
  audit::Context on_behalf;           // for whom
  std::string artefact_folder;  // keeps what was collected there; empty: not kept; masked as the report is
};

// Names a profile may use: collectors of the collect layer, rules and thresholds of the analyse layer.
config::KnownNames known_names();

// An act that can't be audited is not carried out: then nothing is collected, and that is an error. Else what
// went wrong is in the report's collectors, and its exit_status; an error is the profile's masking
// patterns' or our own. Artefacts that can't be masked are not kept.
Result<report::Sealed> diagnose(const Request& request, const CancelToken& cancel,
                                const collect::ProgressFn& progress);

}  // namespace edp::run
