#include <algorithm>
#include <ctime>

#include "runner/kubectl/commands.h"
#include "runner/kubectl/output.h"

namespace edp::kubectl {
namespace {

struct Options {
  Where where;
  bool all = false;
  std::string format = "table";
};

std::string runs_table(const std::vector<Json>& items, bool all) {
  std::vector<std::vector<std::string>> rows = {
      {"NAME", "TARGET", "PROFILE", "STATE", "VERDICT", "GATE", "AGE"}};
  if (all) rows.front().insert(rows.front().begin(), "NAMESPACE");
  const int64_t now = std::time(nullptr);
  for (const Json& item : items) {
    const RunView run = read_run(item);
    std::vector<std::string> row = {run.name,
                                    run.target,
                                    run.profile,
                                    state_text(run),
                                    run.verdict,
                                    run.gate_result,
                                    age(seconds_of(run.created), now)};
    if (all) row.insert(row.begin(), run.ns);
    rows.push_back(std::move(row));
  }
  return table(rows);
}

}  // namespace

void add_list_command(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("list", "List the DiagnosticRuns, latest last");
  command->add_flag("-A,--all-namespaces", options->all, "Of all namespaces");
  command->add_option("-o,--format", options->format, "table, json or yaml")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json", "yaml"}));
  add_where(*command, options->where);
  command->callback([options, &status] {
    status = with_cluster(options->where, [&](const Cluster& cluster) -> Result<int> {
      auto runs = cluster.list(runs_path(options->all ? "" : cluster.ns()));
      if (!runs) return tl::unexpected(runs.error());
      std::ranges::stable_sort(
          *runs, {}, [](const Json& run) { return text_at(run, {"metadata", "creationTimestamp"}); });
      const Json list = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", *runs}};
      if (options->format == "json") {
        print(list.dump(2) + "\n");
      } else if (options->format == "yaml") {
        print(to_yaml(list));
      } else if (runs->empty()) {
        complain(options->all ? "no runs in this cluster" : "no runs in namespace " + cluster.ns());
      } else {
        print(runs_table(*runs, options->all));
      }
      return 0;
    });
  });
}

}  // namespace edp::kubectl
