// One report of a run, whatever the number of its targets, in the form that was asked for.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "runner/kubectl/reports.h"
#include "runner/kubectl/run_view.h"
#include "runner/model/report.h"

namespace edp::kubectl {

// The JSON as it was made for one target; for several, merged into one edp.report/v1: findings of all targets
// worst first, each naming its target, run id the (first) run's uid, exit status the one given.
Result<std::string> combined_json(const std::vector<FetchedReport>& reports, const std::string& run_id,
                                  const std::string& gate, int status);

// For this terminal: its width, colours where it has them.
std::string for_terminal(const model::Report& report, bool no_color);

}  // namespace edp::kubectl
