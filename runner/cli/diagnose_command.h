// `edp-runner --target ...`: collects, judges, reports. Targets in a cluster are diagnosed there, see
// runner/kubectl/remote.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace edp::cli {

struct DiagnoseOptions {
  std::vector<std::string> targets;
  std::string target_name;                             // shown instead of the target's URL
  std::string profile;                                 // empty: local, or in a cluster prod-k8s
  std::optional<std::string> duration, timeout, gate;  // unset: the profile's
  std::string output, junit, sarif, artefacts;
  std::string audit_log;  // a file, or - for standard output; empty: $EDP_AUDIT_LOG, else the profile's
  std::string ca_file, token_file, user, password_file;
  std::string upload, upload_token_file, upload_ca, summary;
  bool exit_zero = false;
  bool quiet = false;
  bool no_color = false;
};

// The options live as long as the app: its parsing writes into them.
std::shared_ptr<DiagnoseOptions> add_diagnose_options(CLI::App& app);

// Returns the exit status.
int diagnose(const DiagnoseOptions& options);

}  // namespace edp::cli
