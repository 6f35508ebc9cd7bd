// A profile as the bytes of pprof's profile.proto (not compressed), for other tools to read.
#pragma once

#include <string>

#include "runner/model/profile.h"

namespace edp::view {

std::string to_proto(const model::Profile& profile);

}  // namespace edp::view
