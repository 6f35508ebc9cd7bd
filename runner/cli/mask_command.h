// `edp-runner mask`: standard input to standard output, masked as everything is that leaves the runner.
#pragma once

namespace CLI {
class App;
}

namespace edp::cli {

// `status` gets the exit status when the command has run.
void add_mask_command(CLI::App& app, int& status);

}  // namespace edp::cli
