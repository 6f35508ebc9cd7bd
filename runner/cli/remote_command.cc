#include "runner/cli/remote_command.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "runner/cli/deliver.h"
#include "runner/config/diagnostic_profile.h"
#include "runner/config/quantity.h"
#include "runner/kubectl/remote.h"
#include "runner/run/run.h"

namespace edp::cli {
namespace {

// What an option means for the diagnosis itself has no meaning where a Job in the cluster makes it.
Result<void> check_options(const DiagnoseOptions& options) {
  for (const auto& [given, flag] :
       {std::pair(!options.target_name.empty(), "--target-name"),
        std::pair(!options.artefacts.empty(), "--artefacts"), std::pair(!options.user.empty(), "--user"),
        std::pair(!options.password_file.empty(), "--password-file"),
        std::pair(!options.upload.empty(), "--upload"), std::pair(!options.summary.empty(), "--summary")}) {
    if (given) return fail(std::string(flag) + " has no meaning for targets in a cluster");
  }
  std::error_code ignored;
  if (options.profile.starts_with("env:") || std::filesystem::is_regular_file(options.profile, ignored)) {
    return fail(
        "in a cluster a profile is a DiagnosticProfile, named; create one with the file's content under "
        "spec.diagnostic",
        options.profile);
  }
  return {};
}

Result<kubectl::RemoteOptions> remote_options(const DiagnoseOptions& options) {
  if (const auto good = check_options(options); !good) return tl::unexpected(good.error());
  kubectl::RemoteOptions remote;
  for (const std::string& text : options.targets) {
    auto target = kubectl::parse_cluster_target(text);
    if (!target) return fail("targets in a cluster and others can't be diagnosed in one run", text);
    if (!*target) return tl::unexpected(target->error());
    remote.targets.push_back(std::move(**target));
  }
  remote.run.profile = options.profile;
  remote.run.gate = options.gate.value_or("");
  remote.run.max_parallel = 4;  // a pipeline waits for it
  remote.run.ttl = "24h";
  if (options.duration) {
    auto duration = kubectl::crd_duration(*options.duration);
    if (!duration) return tl::unexpected(duration.error().at("--duration"));
    remote.run.duration = std::move(*duration);
  }
  if (options.timeout) {
    const auto seconds = config::parse_seconds(*options.timeout);
    if (!seconds) return tl::unexpected(seconds.error().at("--timeout"));
    if (*seconds < 10) return fail("too short for a run in a cluster: at least 10 s", "--timeout");
    remote.timeout_seconds = *seconds;
    // A target that takes all its time must leave some for its report.
    const double target_seconds = std::clamp(std::floor(*seconds * 0.8), 5.0, 3600.0);
    remote.run.timeout = std::to_string(static_cast<int64_t>(target_seconds)) + "s";
  }
  remote.output = options.output;
  if (!options.output.empty()) remote.html = html_beside(options.output);
  remote.junit = options.junit;
  remote.sarif = options.sarif;
  remote.reports.token_file = options.token_file;
  remote.reports.ca_file = options.ca_file;
  for (const auto& [variable, into] : {std::pair("EDP_REPORTS_URL", &remote.reports.url),
                                       std::pair("EDP_REPORTS_NAMESPACE", &remote.reports.reports_ns)}) {
    if (const char* value = std::getenv(variable); value != nullptr && *value != '\0') *into = value;
  }
  remote.quiet = options.quiet;
  remote.no_color = options.no_color;
  return remote;
}

}  // namespace

bool is_remote(const DiagnoseOptions& options) {
  if (options.targets.empty()) return kubectl::cluster_at_hand();
  return std::ranges::any_of(options.targets, [](const std::string& target) {
    return kubectl::parse_cluster_target(target).has_value();
  });
}

int diagnose_remote(const DiagnoseOptions& options) {
  Result<kubectl::RemoteOptions> remote = remote_options(options);
  if (remote) {
    if (const auto writable = check_outputs(options); !writable) remote = tl::unexpected(writable.error());
  }
  if (!remote) {
    (void)std::fprintf(stderr, "edp-runner: %s\n", remote.error().to_string().c_str());
    return run::kError;
  }
  const int status = kubectl::run_remote(*remote);
  return options.exit_zero && status == run::kFindingsAtGate ? int{run::kNothingAtGate} : status;
}

}  // namespace edp::cli
