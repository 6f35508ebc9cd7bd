// Files -> one profile, as pprof makes one of its sources.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "runner/model/profile.h"
#include "runner/view/merge.h"

namespace edp::cli {

struct Sources {
  std::vector<std::string> files;  // "-" is stdin; summed up
  std::vector<std::string> base;   // subtracted; may be empty
  view::BaseOptions base_options;
};

// Files that cannot be read are told in `warnings`; it fails only when none is left on a side. A program as
// the first of several files is taken as the profiles' binary, as pprof does. Texts are masked.
Result<model::Profile> load_profile(const Sources& sources, std::vector<std::string>& warnings);

}  // namespace edp::cli
