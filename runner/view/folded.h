// Folded stacks: "main;main.work;runtime.mallocgc 120", the input of flame graph tools.
#pragma once

#include <string>

#include "runner/model/profile.h"

namespace edp::view {

// One line for each different stack, root first, with its summed value; sorted by stack. ';' in a name
// becomes ':', line breaks become spaces.
std::string folded_stacks(const model::Profile& profile, uint32_t sample_type);

}  // namespace edp::view
