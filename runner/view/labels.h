// The lines above a table.
#pragma once

#include <string>
#include <vector>

#include "runner/model/profile.h"
#include "runner/view/options.h"
#include "runner/view/report.h"

namespace edp::view {

// "File: x", "Type: cpu", "Time: ...", "Duration: ...": what the profile is.
std::vector<std::string> profile_labels(const model::Profile& profile, const Report& report);

// The above, the filters in force, and "Showing nodes accounting for ...".
std::vector<std::string> report_labels(const model::Profile& profile, const Report& report,
                                       const Options& options, int64_t shown, double node_fraction);

}  // namespace edp::view
