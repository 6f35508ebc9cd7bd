// The status as it is stored: at most 8 KiB of JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "operator/watch/records.h"

namespace edp::reconcile {

inline constexpr size_t kMaxStatusBytes = 8192;

// Cuts texts, and lastly entries, until the JSON has at most kMaxStatusBytes. What is cut ends in "...";
// digests of single targets go where there are too many targets, and the Accepted condition says so. Cutting
// twice changes nothing more.
void fit_status(watch::RunStatus& status);

// How many of these pods, the first ones, can be targets of one run so that the status holds what must be
// known of each.
size_t most_targets(const std::vector<std::string_view>& pods);

// As stored in `status`, without what is empty or 0.
std::string status_text(const watch::RunStatus& status);

// The merge patch for /status, which fails with 409 if the object is not at `resource_version` any more
// (empty: no such condition).
std::string status_json(const watch::RunStatus& status, std::string_view resource_version);

// Sets the condition; its transition time is `now` only if the status word changes.
void set_condition(watch::RunStatus& status, watch::Condition condition, int64_t now);
const watch::Condition* find_condition(const watch::RunStatus& status, std::string_view type);
bool is_true(const watch::RunStatus& status, std::string_view type);

}  // namespace edp::reconcile
