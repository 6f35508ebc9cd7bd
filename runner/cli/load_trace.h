// A file -> its traces.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "runner/model/timeline.h"

namespace edp::cli {

// "-" is stdin. A plain trace is read piece by piece, so that its bytes are never held at once. What can't be
// read of it is told in the timelines' problems.
Result<std::vector<model::Timeline>> load_traces(const std::string& file);

}  // namespace edp::cli
