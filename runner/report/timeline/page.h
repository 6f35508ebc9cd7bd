// The traces of a run as the report page's timeline reads them (console/src/timeline/).
#pragma once

#include <string>
#include <vector>

#include "runner/model/facts.h"
#include "runner/report/timeline/encode.h"

namespace edp::report {

// A JSON array, an element a trace; its member "data" holds the columns of encode.h, deflated and in base64.
// The limits are those of all traces together.
std::string timelines_json(const std::vector<model::Facts>& targets, const TimelineLimits& limits = {});

}  // namespace edp::report
