// One fault that several sources show is one finding: a profile's and an execution trace's, side by side.
#pragma once

#include <vector>

#include "runner/model/finding.h"

namespace edp::analyse {

// Joins findings of one fault about one subject. The one of the rule that the fault is named after stays,
// else the first, and with it the fingerprint; it takes over the line (a trace names the holder that a
// profile infers), evidence and lines of the others, the worst severity, and names their rules as
// confirmed_by. A contradiction that any of them notes is told in its summary.
void correlate(std::vector<model::Finding>& findings);

}  // namespace edp::analyse
