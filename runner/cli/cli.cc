#include "runner/cli/cli.h"

#include <CLI/CLI.hpp>

#include "runner/cli/arguments.h"
#include "runner/cli/view_commands.h"

namespace edp::cli {

int run(int argc, char** argv) {
  CLI::App app("EDP finds out why a Go service is slow or dying", "edp-runner");
  app.require_subcommand(1);
  int status = 0;
  add_view_commands(app, status);
  std::vector<std::string> arguments = double_dashes(argc, argv);
  arguments.erase(arguments.begin());
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  return status;
}

}  // namespace edp::cli
