#include "runner/cli/view_options.h"

#include <CLI/CLI.hpp>
#include <array>
#include <utility>

namespace edp::cli {
namespace {

// "sample_index" is known as --sample_index and --sample-index.
std::string both_spellings(const std::string& name) {
  std::string dashes = name;
  for (char& c : dashes) c = c == '_' ? '-' : c;
  return dashes == name ? "--" + name : "--" + name + ",--" + dashes;
}

CLI::Option* add_flag(CLI::App& command, const std::string& name, bool& value, const std::string& help) {
  return command.add_flag(both_spellings(name), value, help)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

template <typename T>
CLI::Option* add_option(CLI::App& command, const std::string& name, T& value, const std::string& type,
                        const std::string& help) {
  CLI::Option* option = command.add_option(both_spellings(name), value, help)->type_name(type);
  // Go's flags: the last one counts.
  if constexpr (!std::is_same_v<T, std::vector<std::string>>) {
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  } else {
    option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  return option;
}

void add_filters(CLI::App& command, view::Options& view) {
  add_option(command, "focus", view.focus, "REGEX", "Only samples with a frame that matches");
  add_option(command, "ignore", view.ignore, "REGEX", "Leave out samples with a frame that matches");
  add_option(command, "hide", view.hide, "REGEX", "Leave out frames that match");
  add_option(command, "show", view.show, "REGEX", "Only frames that match");
  add_option(command, "show_from", view.show_from, "REGEX",
             "Leave out frames above the highest that matches");
  add_option(command, "prune_from", view.prune_from, "REGEX", "Leave out what the lowest match calls");
  add_option(command, "tagfocus", view.tag_focus, "FILTER",
             "Only samples with a label that matches: REGEX, KEY=REGEX, or a range such as bytes=4kb:1mb");
  add_option(command, "tagignore", view.tag_ignore, "FILTER", "Leave out samples with a label that matches");
}

void add_values(CLI::App& command, ViewSettings& settings) {
  view::Options& view = settings.view;
  add_option(command, "sample_index", view.sample_index, "TYPE", "Sample type to show, by name or number");
  for (const char* type : {"inuse_space", "inuse_objects", "alloc_space", "alloc_objects", "contentions"}) {
    command.add_flag_callback(
        "--" + std::string(type), [&settings, type] { settings.legacy_types.push_back(type); },
        "Same as -sample_index=" + std::string(type));
  }
  command.add_flag_callback(
      "--total_delay", [&settings] { settings.legacy_types.push_back("delay"); },
      "Same as -sample_index=delay");
  add_flag(command, "mean_delay", settings.mean_delay, "Same as -mean -sample_index=delay");
  add_flag(command, "mean", view.mean, "Average over the first sample type (a count)");
  add_option(command, "unit", view.unit, "UNIT", "Unit to print in, or auto");
  add_option(command, "divide_by", view.divide_by, "N", "Divide all values");
}

void add_shape(CLI::App& command, ViewSettings& settings) {
  view::Options& view = settings.view;
  add_flag(command, "cum", view.sort_by_cum, "Sort by cumulative value");
  add_flag(command, "flat", settings.flat, "Sort by own value (the default)");
  add_flag(command, "functions", settings.functions, "A row for each function (the default)");
  add_flag(command, "filefunctions", settings.file_functions, "A row for each function of each file");
  add_flag(command, "files", settings.files, "A row for each file");
  add_flag(command, "lines", settings.lines, "A row for each source line");
  add_flag(command, "addresses", settings.addresses, "A row for each address");
  add_flag(command, "noinlines", view.no_inlines, "Count inlined calls for the function they are in");
  add_flag(command, "showcolumns", view.show_columns, "With -lines, columns too");
  add_option(command, "trim_path", view.trim_path, "PREFIXES", "Cut these off file names");
  add_option(command, "nodecount", view.node_count, "N", "Rows to show");
  add_option(command, "nodefraction", view.node_fraction, "F", "Leave out rows below this part of the total");
  add_option(command, "edgefraction", view.edge_fraction, "F",
             "Leave out calls below this part of the total");
  add_flag(command, "trim", view.trim, "false: leave nothing out");
  add_flag(command, "drop_negative", view.drop_negative, "Leave out rows that shrank");
  add_flag(command, "compact_labels", view.compact_labels, "Short header");
  add_flag(command, "relative_percentages", view.relative_percentages, "Percent of what the filters leave");
}

}  // namespace

void add_view_options(CLI::App& command, ViewSettings& settings) {
  command.add_option("files", settings.sources.files, "Profiles, summed up; - is standard input")
      ->type_name("FILE...")
      ->required();
  add_values(command, settings);
  add_shape(command, settings);
  add_filters(command, settings.view);
  command.add_option("-o", settings.format, "Form of the output")->type_name("FORMAT");
  add_option(command, "output", settings.output, "FILE", "Write to a file");
  // Accepted so that pprof's command lines work: names are shown as the profile has them.
  static std::string ignored;
  add_option(command, "symbolize", ignored, "MODE", "")->group("");
}

Result<void> ViewSettings::settle() {
  const std::pair<bool, view::Granularity> rows[] = {{functions, view::Granularity::kFunctions},
                                                     {file_functions, view::Granularity::kFileFunctions},
                                                     {files, view::Granularity::kFiles},
                                                     {lines, view::Granularity::kLines},
                                                     {addresses, view::Granularity::kAddresses}};
  int given = 0;
  for (const auto& [is_set, granularity] : rows) {
    if (!is_set) continue;
    view.granularity = granularity;
    ++given;
  }
  if (given > 1)
    return fail("only one of -functions, -filefunctions, -files, -lines and -addresses can be set");
  if (flat && view.sort_by_cum) return fail("only one of -flat and -cum can be set");
  if (mean_delay) {
    legacy_types.emplace_back("delay");
    view.mean = true;
  }
  if (view.sample_index.empty() && !legacy_types.empty()) view.sample_index = legacy_types.front();
  if (!diff_base.empty()) {
    if (!sources.base.empty()) return fail("-base and -diff_base cannot both be set");
    sources.base = diff_base;
    sources.base_options.is_diff_base = true;
  }
  if (sources.base_options.normalize && sources.base.empty()) return fail("-normalize needs a base profile");
  return {};
}

}  // namespace edp::cli
