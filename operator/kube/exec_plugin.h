// Inside of operator/kube: programs that know who we are.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "operator/kube/config.h"

namespace edp::kube {

struct Credential {
  std::string token;
  std::string certificate_pem, key_pem;
  std::optional<std::chrono::system_clock::time_point> expires;
};

// Runs the plugin of `config` and reads the ExecCredential that it prints. No shell; its stdin is empty, its
// stderr is ours. Killed after `timeout`. Errors hold nothing of what it printed.
Result<Credential> run_plugin(const ClusterConfig& config, std::chrono::milliseconds timeout);

// The plugin's answer. `api_version`: the one that was asked for.
Result<Credential> parse_exec_credential(const std::string& json, const std::string& api_version);

}  // namespace edp::kube
