#include <ctime>

#include "operator/kube/paths.h"
#include "runner/kubectl/commands.h"
#include "runner/kubectl/top.h"

namespace edp::kubectl {

void add_top_command(CLI::App& app, int& status) {
  struct Options {
    Where where;
    bool all = false;
    std::string format = "table";
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("top", "The pods with edp-enabled=true and their latest verdicts, worst first");
  command->add_flag("-A,--all-namespaces", options->all, "Of all namespaces");
  command->add_option("-o,--format", options->format, "table or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}));
  add_where(*command, options->where);
  command->callback([options, &status] {
    status = with_cluster(options->where, [&](const Cluster& cluster) -> Result<int> {
      const std::string pods_path =
          options->all ? "/api/v1/pods"
                       : "/api/v1/namespaces/" + kube::escape_segment(cluster.ns()) + "/pods";
      const auto pods = cluster.list(pods_path, "labelSelector=" + kube::escape_query("edp-enabled=true"));
      if (!pods) return tl::unexpected(pods.error());
      const auto runs = cluster.list(runs_path(options->all ? "" : cluster.ns()));
      if (!runs) return tl::unexpected(runs.error());
      const std::vector<TopRow> rows = top_rows(*pods, *runs);
      if (options->format == "json") {
        print(top_json(rows).dump(2) + "\n");
      } else if (rows.empty()) {
        complain(std::string("no pod with the label edp-enabled=true ") +
                 (options->all ? "in this cluster" : "in namespace " + cluster.ns()));
      } else {
        print(top_table(rows, options->all, std::time(nullptr)));
      }
      return 0;
    });
  });
}

}  // namespace edp::kubectl
