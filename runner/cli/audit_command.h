// `edp-runner audit verify|show|keygen`: reads audit streams (common/audit), and makes the keys that seal
// them.
#pragma once

namespace CLI {
class App;
}

namespace edp::cli {

void add_audit_commands(CLI::App& app, int& status);

}  // namespace edp::cli
