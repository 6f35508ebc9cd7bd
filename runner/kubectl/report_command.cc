#include "common/files.h"
#include "runner/kubectl/commands.h"
#include "runner/kubectl/render.h"
#include "runner/report/read.h"
#include "runner/report/report.h"

namespace edp::kubectl {
namespace {

struct Options {
  Where where;
  ReportAccess access;
  std::string name, pod, output;
  std::string format = "terminal";
  bool no_color = false;
};

Result<std::string> render(const Options& options, ReportSource& source, const RunView& run,
                           const std::vector<FetchedReport>& reports) {
  if (options.format == "html" && reports.size() == 1)
    return source.get(reports.front().path + "/report.html", {});
  auto json = combined_json(reports, run.uid, run.gate, exit_status(run));
  if (!json || options.format == "json") return json;
  const auto report = report::from_json(*json);
  if (!report) return tl::unexpected(report.error().at(reports.front().path));
  if (options.format == "html") return report::to_html(*report, *json);
  return for_terminal(*report, options.no_color || !options.output.empty());
}

Result<int> report(const Options& options, const Cluster& cluster) {
  const auto object = cluster.get(run_path(cluster.ns(), options.name));
  if (!object) return tl::unexpected(object.error());
  const RunView run = read_run(*object);
  if (!run.done())
    complain(run.name + " has not ended (" + state_text(run) + "); this is what is there by now");
  auto source = open_reports(cluster, run.report_url, options.access, {});
  if (!source) return tl::unexpected(source.error());
  const auto reports = fetch_reports(**source, run, options.pod, {});
  if (!reports) return tl::unexpected(reports.error());
  const auto text = render(options, **source, run, *reports);
  if (!text) return tl::unexpected(text.error());
  if (options.output.empty()) {
    print(*text);
  } else if (const auto written = write_file(options.output, *text); !written) {
    return tl::unexpected(written.error());
  }
  return 0;
}

}  // namespace

void add_report_command(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("report", "Fetch a run's full report: of one pod, or of all its pods as one");
  command->add_option("name", options->name, "The DiagnosticRun")->required()->type_name("NAME");
  command->add_option("-o,--format", options->format, "terminal, html or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"terminal", "html", "json"}));
  command->add_option("--pod", options->pod, "Of this pod only")->type_name("POD");
  command->add_option("--output", options->output, "Write it to this file")->type_name("FILE");
  command->add_flag("--no-color", options->no_color, "No colours, also on a terminal");
  add_report_access(*command, options->access);
  add_where(*command, options->where);
  command->callback([options, &status] {
    status = with_cluster(options->where, [&](const Cluster& cluster) { return report(*options, cluster); });
  });
}

}  // namespace edp::kubectl
