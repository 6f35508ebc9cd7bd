#include "runner/cli/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "runner/cli/arguments.h"
#include "runner/cli/diagnose_command.h"
#include "runner/cli/list_commands.h"
#include "runner/cli/view_commands.h"
#include "runner/run/run.h"
#include "runner/run/version.h"

namespace edp::cli {

int run(int argc, char** argv) try {
  CLI::App app("finds out why a Go service is slow or dying, and says so", "edp-runner");
  app.set_version_flag("--version", "edp-runner " + std::string(edp::run::kVersion));
  app.require_subcommand(0, 1);
  int status = edp::run::kNothingAtGate;
  const auto options = add_diagnose_options(app);
  add_view_commands(app, status);
  add_list_commands(app, status);

  // CLI11 takes the arguments without the program's name, last one first.
  std::vector<std::string> arguments = double_dashes(argc, argv);
  arguments.erase(arguments.begin());
  std::ranges::reverse(arguments);
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    // CLI11 has its own numbers for usage errors; the contract has one.
    return app.exit(error) == 0 ? edp::run::kNothingAtGate : edp::run::kError;
  }
  return app.get_subcommands().empty() ? diagnose(*options) : status;
} catch (const std::exception& error) {
  std::cerr << "edp-runner: internal error: " << error.what() << "\n";
  return edp::run::kError;
}

}  // namespace edp::cli
