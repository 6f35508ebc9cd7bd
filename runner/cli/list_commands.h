// `edp-runner rules`, `profile list|show NAME`, `completion SHELL`, `man`.
#pragma once

namespace CLI {
class App;
}

namespace edp::cli {

// Each command prints and puts its exit status into `status`.
void add_list_commands(CLI::App& app, int& status);

}  // namespace edp::cli
