// The forms in which a report leaves the runner.
#pragma once

#include <string>
#include <string_view>

#include "runner/model/report.h"

namespace edp::report {

// edp.report/v1, valid against docs/report.schema.json.
std::string to_json(const model::Report& report);

// One file that needs no network: `json`, as to_json() made it of the same report, inside the console's
// report page.
std::string to_html(const model::Report& report, std::string_view json);

// JUnit XML: a test case a rule; fired at or above the gate = failure, can't tell = skipped with the reason.
std::string to_junit(const model::Report& report);

// SARIF 2.1.0.
std::string to_sarif(const model::Report& report);

struct TerminalOptions {
  bool colour = false;
  int width = 100;
};
// A verdict that fits one screen.
std::string to_terminal(const model::Report& report, const TerminalOptions& options);

}  // namespace edp::report
