#include "runner/kubectl/plugin.h"

#include <string>
#include <vector>

#include "runner/kubectl/commands.h"

namespace edp::kubectl {
namespace {

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

bool is_plugin_name(std::string_view program) { return base_name(program) == "kubectl-edp"; }

bool is_completion_name(std::string_view program) { return base_name(program) == "kubectl_complete-edp"; }

void add_plugin_commands(CLI::App& app, int& status) {
  app.require_subcommand(1);
  add_run_command(app, status);
  add_list_command(app, status);
  add_report_command(app, status);
  add_wait_command(app, status);
  add_cancel_command(app, status);
  add_top_command(app, status);
  add_validate_command(app, status);
}

std::string complete(const CLI::App& app, const std::vector<std::string>& words) {
  constexpr std::string_view kNoFiles = ":4\n";  // cobra's directives
  constexpr std::string_view kFiles = ":0\n";
  const std::string current = words.empty() ? "" : words.back();
  std::string out;
  const auto offer = [&](const std::string& word, const std::string& what) {
    if (word.starts_with(current)) out += word + "\t" + what + "\n";
  };
  if (words.size() <= 1) {
    for (const CLI::App* command : app.get_subcommands({}))
      offer(command->get_name(), command->get_description());
    return out + std::string(kNoFiles);
  }
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() != words.front()) continue;
    if (current.starts_with("-")) {
      for (const CLI::Option* option : command->get_options()) {
        for (const std::string& name : option->get_lnames()) offer("--" + name, option->get_description());
      }
      return out + std::string(kNoFiles);
    }
    if (words.front() == "run" && current.find('/') == std::string::npos) {
      for (const char* kind : {"deploy/", "sts/", "ds/", "rs/", "pod/"}) offer(kind, "");
      return out + ":6\n";  // no files, no space after the slash
    }
  }
  return out + std::string(kFiles);
}

}  // namespace edp::kubectl
