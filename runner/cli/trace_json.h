// A trace's summary as JSON.
#pragma once

#include <string>

#include "runner/view/trace/trace_summary.h"

namespace edp::cli {

// {events, goroutines, states, longest, ...}; times are nanoseconds. Of several traces in a file the later
// ones are in `further`.
std::string to_json(const std::vector<std::pair<view::TraceSummary, const model::Timeline*>>& traces,
                    const std::string& file);

}  // namespace edp::cli
