// `edp-runner validate --before A --after B`: whether what one report found is gone in another, by the same
// rules as the operator's validation. Nothing is signed.
#pragma once

namespace CLI {
class App;
}

namespace edp::cli {

// `status` gets the exit status when the command has run: 0 gone, 2 still there, 3 can't tell, 1 error.
void add_validate_command(CLI::App& app, int& status);

}  // namespace edp::cli
