// kubectl's label selectors as the API's LabelSelector.
#pragma once

#include <string_view>

#include "common/result.h"
#include "runner/kubectl/cluster.h"

namespace edp::kubectl {

// "a=b", "a==b", "a!=b", "a in (b,c)", "a notin (b,c)", "a", "!a", joined by commas: {"matchLabels": {...},
// "matchExpressions": [...]}. Empty text is an error: it would mean every pod.
Result<Json> selector_json(std::string_view text);

}  // namespace edp::kubectl
