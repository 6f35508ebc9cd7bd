// Back from JSON: reports that another process made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "runner/model/report.h"

namespace edp::report {

// An edp.report/v1 as far as people and build servers see it: everything but the targets' profiles,
// goroutines and memory figures, which stay in the JSON. Enough for to_terminal(), to_junit(), to_sarif(),
// and to_html() beside `json`.
Result<model::Report> from_json(std::string_view json);

// What stands above the parts of a merged report.
struct MergedRun {
  std::string run_id;
  std::string gate;
  int exit_status = 0;
  bool cancelled = false;
};

// The reports of one run's targets as one edp.report/v1: findings worst first, all else side by side, the
// counts and the span of time made anew. Targets keep their names. At least one report.
Result<std::string> merge_json(const std::vector<std::string>& reports, const MergedRun& run);

}  // namespace edp::report
