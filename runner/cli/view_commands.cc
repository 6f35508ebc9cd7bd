#include "runner/cli/view_commands.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <memory>

#include "runner/cli/print.h"
#include "runner/cli/view_json.h"
#include "runner/cli/view_options.h"
#include "runner/view/diff.h"
#include "runner/view/filter.h"
#include "runner/view/flame.h"
#include "runner/view/folded.h"
#include "runner/view/report.h"

namespace edp::cli {
namespace {

using Settings = std::shared_ptr<ViewSettings>;
using Warnings = std::vector<std::string>;

Result<std::string> show_table(ViewSettings& settings, view::Kind kind, Warnings& warnings) {
  auto profile = load_profile(settings.sources, warnings);
  if (!profile) return tl::unexpected(profile.error());
  const auto report = view::make_report(std::move(*profile), settings.view, kind, warnings);
  if (!report) return tl::unexpected(report.error());
  if (settings.format == "json") return to_json(*report, kind != view::Kind::kTop, settings.peek);
  if (kind == view::Kind::kTop) return view::top_text(*report);
  return view::tree_text(*report, settings.peek);
}

// `peek REGEX FILE...` as in pprof's own shell; the regex is told from a file by there being no such file.
Result<std::string> peek(ViewSettings& settings, Warnings& warnings) {
  std::vector<std::string>& files = settings.sources.files;
  std::error_code ignored;
  if (settings.peek.empty() && files.size() > 1 && files.front() != "-" &&
      !std::filesystem::exists(files.front(), ignored)) {
    settings.peek = files.front();
    files.erase(files.begin());
  }
  return show_table(settings, view::Kind::kPeek, warnings);
}

Result<std::string> flame(const ViewSettings& settings, size_t max_nodes, Warnings& warnings) {
  auto profile = load_profile(settings.sources, warnings);
  if (!profile) return tl::unexpected(profile.error());
  if (auto done = view::apply_filters(*profile, settings.view, warnings); !done) {
    return tl::unexpected(done.error());
  }
  const auto type = view::sample_type_index(*profile, settings.view.sample_index);
  if (!type) return tl::unexpected(type.error());
  if (settings.format != "json") return view::folded_stacks(*profile, *type);
  const model::ValueType& value = profile->sample_types[*type];
  return to_json(view::flame(*profile, *type, max_nodes), std::string(value.type), std::string(value.unit));
}

Result<std::string> diff(const ViewSettings& settings, Warnings& warnings) {
  if (settings.sources.files.size() != 2) return fail("diff takes two files: BEFORE AFTER");
  auto before = load_profile({.files = {settings.sources.files[0]}}, warnings);
  if (!before) return tl::unexpected(before.error());
  auto after = load_profile({.files = {settings.sources.files[1]}}, warnings);
  if (!after) return tl::unexpected(after.error());
  const auto report = view::make_diff(std::move(*before), std::move(*after), settings.view,
                                      settings.sources.base_options.normalize, warnings);
  if (!report) return tl::unexpected(report.error());
  return settings.format == "json" ? to_json(*report) : view::diff_text(*report);
}

CLI::App* add_command(CLI::App& app, int& status, const std::string& name, const std::string& help,
                      const Settings& settings, const std::vector<std::string>& formats,
                      const std::function<Result<std::string>(ViewSettings&, Warnings&)>& run) {
  CLI::App* command = app.add_subcommand(name, help);
  add_view_options(*command, *settings);
  settings->format = formats.front();
  command->get_option("-o")->check(CLI::IsMember(formats))->capture_default_str();
  command->callback([&status, settings, run] {
    Warnings warnings;
    const auto settled = settings->settle();
    const Result<std::string> text =
        settled ? run(*settings, warnings) : Result<std::string>(tl::unexpected(settled.error()));
    status = print(text, warnings, settings->output);
  });
  return command;
}

void add_base_options(CLI::App& command, ViewSettings& settings) {
  const auto add = [&command](const std::string& names, std::vector<std::string>& files, const char* help) {
    command.add_option(names, files, help)
        ->type_name("FILE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  add("--base", settings.sources.base, "Subtract this profile");
  add("--diff_base,--diff-base", settings.diff_base,
      "Compare with this profile: percentages are of its total");
  command.add_flag("--normalize", settings.sources.base_options.normalize, "Scale to the base's total first");
}

}  // namespace

void add_view_commands(CLI::App& app, int& status) {
  const std::vector<std::string> table = {"table", "json"};
  auto settings = std::make_shared<ViewSettings>();
  CLI::App* command =
      add_command(app, status, "top", "The heaviest functions of profiles", settings, table,
                  [](ViewSettings& s, Warnings& w) { return show_table(s, view::Kind::kTop, w); });
  add_base_options(*command, *settings);

  settings = std::make_shared<ViewSettings>();
  command = add_command(app, status, "peek", "Callers and callees of functions: peek [REGEX] FILE...",
                        settings, table, peek);
  add_base_options(*command, *settings);
  command->add_option("--peek", settings->peek, "Only functions that match")->type_name("REGEX");

  settings = std::make_shared<ViewSettings>();
  command = add_command(app, status, "tree", "The call graph as text, heaviest first", settings, table,
                        [](ViewSettings& s, Warnings& w) { return show_table(s, view::Kind::kTree, w); });
  add_base_options(*command, *settings);

  settings = std::make_shared<ViewSettings>();
  const auto max_nodes = std::make_shared<size_t>(5000);
  command = add_command(app, status, "flame", "Stacks for flame graphs: folded lines, or a tree as JSON",
                        settings, {"folded", "json"},
                        [max_nodes](ViewSettings& s, Warnings& w) { return flame(s, *max_nodes, w); });
  add_base_options(*command, *settings);
  command->add_option("--max_nodes,--max-nodes", *max_nodes, "Size of the JSON tree")->type_name("N");

  settings = std::make_shared<ViewSettings>();
  command = add_command(app, status, "diff", "What changed between two profiles: diff BEFORE AFTER", settings,
                        table, diff);
  command->add_flag("--normalize", settings->sources.base_options.normalize,
                    "Scale AFTER to BEFORE's total first");
}

}  // namespace edp::cli
