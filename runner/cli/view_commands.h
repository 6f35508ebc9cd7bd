// `edp-runner top|peek|tree|flame|diff FILE...`: profiles as `go tool pprof` shows them.
#pragma once

namespace CLI {
class App;
}

namespace edp::cli {

// Each command prints and puts its exit status into `status`. Pass arguments through double_dashes() first.
void add_view_commands(CLI::App& app, int& status);

}  // namespace edp::cli
