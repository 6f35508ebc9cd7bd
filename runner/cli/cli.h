// The command line of edp-runner.
#pragma once

namespace edp::cli {

// Returns the exit status (see ExitStatus in runner/run/run.h).
int run(int argc, char** argv);

}  // namespace edp::cli
