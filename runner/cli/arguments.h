// Command lines as users of `go tool pprof` type them.
#pragma once

#include <string>
#include <vector>

namespace edp::cli {

// Go's flags have one dash and any length ("-cum", "-focus=re"); CLI11 wants two. For the commands that show
// profiles (the first argument names one) a second dash is added; all else stays as it is.
std::vector<std::string> double_dashes(int argc, char** argv);

}  // namespace edp::cli
