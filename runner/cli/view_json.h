// Tables and flame trees as JSON.
#pragma once

#include <string>

#include "runner/view/diff.h"
#include "runner/view/flame.h"
#include "runner/view/report.h"

namespace edp::cli {

// {type, unit, total, nodes: [{name, file, flat, flat_percent, cum, cum_percent, ...}]}; with edges each node
// also has callers and callees. With a pattern only the rows whose name matches it; none is an error.
Result<std::string> to_json(const view::Report& report, bool with_edges, const std::string& pattern = {});

// {type, unit, total, dropped, nodes: [{name, file, parent, total, self}]}; node 0 is the root, parents come
// first.
std::string to_json(const view::FlameTree& tree, const std::string& type, const std::string& unit);

// As the first, with flat_before, flat_after, cum_before and cum_after of each node, and both totals.
std::string to_json(const view::DiffReport& diff);

}  // namespace edp::cli
