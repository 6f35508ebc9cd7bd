// Cutting stacks at a frame.
#pragma once

#include <re2/re2.h>

#include <string_view>

#include "runner/model/profile.h"

namespace edp::view {

// The name up to its argument list; "(anonymous namespace)" and "operator()" are part of a name.
std::string_view without_arguments(std::string_view function);

// Removes each frame that matches `drop` but not `keep` (may be nullptr), and all it calls. The frames that
// match from the root on stay, so that a stack never loses everything.
void prune(model::Profile& profile, const re2::RE2& drop, const re2::RE2* keep);

// Removes what the innermost matching frame of each stack calls.
void prune_beneath(model::Profile& profile, const re2::RE2& from);

}  // namespace edp::view
