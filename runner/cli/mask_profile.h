// Masks a profile's texts: of a view's table the numbers are figures, only the names may be private.
#pragma once

#include "runner/model/profile.h"

namespace edp::cli {

// Functions, files, labels, comments.
void mask_profile(model::Profile& profile);

}  // namespace edp::cli
