// Reports for the tests, and for the page's tests through the golden file testdata/sample.json.
#pragma once

#include "runner/model/report.h"

namespace edp::report::testing {

// What a bad night looks like: several findings, every kind of fact, collectors that failed.
model::Report sample_report();

// A quiet service: nothing found, one rule that could not be judged.
model::Report clean_report();

// Names, labels and messages that try to break out of JSON, HTML, XML and the terminal.
model::Report hostile_report();

}  // namespace edp::report::testing
