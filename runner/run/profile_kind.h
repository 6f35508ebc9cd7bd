// Which of Go's profiles this is. The format does not say; sample types, default type and leaf frames do.
#pragma once

#include <optional>
#include <string_view>

#include "runner/model/facts.h"

namespace edp::run {

// `collector` is what it was asked for as ("heap.delta"), or what a file's name suggests; it decides only
// between kinds that have the same sample types. Unset where it is none of Go's kinds.
std::optional<model::ProfileKind> profile_kind(const model::Profile& profile, std::string_view collector);

}  // namespace edp::run
