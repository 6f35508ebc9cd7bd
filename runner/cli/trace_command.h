// `edp-runner trace FILE`: an execution trace at a glance, and as the profiles that `go tool trace` makes of
// one.
#pragma once

namespace CLI {
class App;
}

namespace edp::cli {

void add_trace_command(CLI::App& app, int& status);

}  // namespace edp::cli
