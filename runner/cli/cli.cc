#include "runner/cli/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "common/version.h"
#include "runner/cli/arguments.h"
#include "runner/cli/audit_command.h"
#include "runner/cli/diagnose_command.h"
#include "runner/cli/list_commands.h"
#include "runner/cli/mask_command.h"
#include "runner/cli/trace_command.h"
#include "runner/cli/validate_command.h"
#include "runner/cli/view_commands.h"
#include "runner/kubectl/plugin.h"
#include "runner/run/run.h"

namespace edp::cli {

namespace {

// CLI11 takes the arguments without the program's name, last one first. It has its own numbers for usage
// errors; the contract has one. Nothing where the program is to go on.
std::optional<int> parse(CLI::App& app, std::vector<std::string> arguments) {
  arguments.erase(arguments.begin());
  std::ranges::reverse(arguments);
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? edp::run::kNothingAtGate : edp::run::kError;
  }
  return std::nullopt;
}

// Called as `kubectl edp`, or by the shell that completes it.
int run_plugin(int argc, char** argv) {
  CLI::App app("diagnoses workloads in a Kubernetes cluster", "kubectl edp");
  app.set_version_flag("--version", "kubectl-edp " + std::string(edp::kVersion));
  int status = edp::run::kNothingAtGate;
  kubectl::add_plugin_commands(app, status);
  std::vector<std::string> arguments(argv, argv + argc);
  if (kubectl::is_completion_name(arguments.front())) {
    arguments.erase(arguments.begin());
    std::cout << kubectl::complete(app, arguments);
    return edp::run::kNothingAtGate;
  }
  return parse(app, std::move(arguments)).value_or(status);
}

}  // namespace

int run(int argc, char** argv) try {
  if (argc > 0 && (kubectl::is_plugin_name(argv[0]) || kubectl::is_completion_name(argv[0]))) {
    return run_plugin(argc, argv);
  }
  CLI::App app("finds out why a Go service is slow or dying, and says so", "edp-runner");
  app.set_version_flag("--version", "edp-runner " + std::string(edp::kVersion));
  app.require_subcommand(0, 1);
  int status = edp::run::kNothingAtGate;
  const auto options = add_diagnose_options(app);
  add_view_commands(app, status);
  add_trace_command(app, status);
  add_list_commands(app, status);
  add_mask_command(app, status);
  add_audit_commands(app, status);
  add_validate_command(app, status);

  kubectl::add_plugin_commands(
      *app.add_subcommand("kubectl",
                          "The kubectl plugin, as `kubectl edp` where it is installed as kubectl-edp"),
      status);

  if (const auto ended = parse(app, double_dashes(argc, argv))) return *ended;
  return app.get_subcommands().empty() ? diagnose(*options) : status;
} catch (const std::exception& error) {
  std::cerr << "edp-runner: internal error: " << error.what() << "\n";
  return edp::run::kError;
}

}  // namespace edp::cli
