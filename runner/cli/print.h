// How a command ends that shows something.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace edp::cli {

// Prints the text, or writes it to `output` where that is given; warnings come before it, an error instead of
// it. These are masked here; what the text tells of names has been as its file was read. Gives the exit
// status.
int print(const Result<std::string>& text, const std::vector<std::string>& warnings,
          const std::string& output);

}  // namespace edp::cli
