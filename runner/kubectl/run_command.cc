#include <cstdio>

#include "runner/config/quantity.h"
#include "runner/kubectl/commands.h"
#include "runner/kubectl/output.h"
#include "runner/kubectl/target.h"

namespace edp::kubectl {
namespace {

struct Options {
  Where where;
  std::string resource, selector;
  RunOptions run;
  std::string collectors;
  int port = 0;
  std::string path, format = "name";
  bool wait = false;
};

Result<ClusterTarget> target_of(const Options& options) {
  if (options.resource.empty() == options.selector.empty()) {
    return fail("name what to diagnose: deploy/NAME, sts/NAME, ds/NAME, rs/NAME, pod/NAME, or -l LABELS");
  }
  auto target =
      options.selector.empty() ? parse_resource(options.resource) : parse_selector(options.selector);
  if (!target) return target;
  if (options.port > 0) target->target["port"] = options.port;
  if (!options.path.empty()) target->target["path"] = options.path;
  return target;
}

Result<RunOptions> run_options(const Options& options) {
  RunOptions run = options.run;
  for (auto& [text, flag] : {std::pair(&run.duration, "--duration"), std::pair(&run.timeout, "--timeout"),
                             std::pair(&run.ttl, "--ttl")}) {
    if (text->empty()) continue;
    auto duration = crd_duration(*text);
    if (!duration) return tl::unexpected(duration.error().at(flag));
    *text = std::move(*duration);
  }
  for (size_t begin = 0; begin < options.collectors.size();) {
    const size_t end = std::min(options.collectors.find(',', begin), options.collectors.size());
    if (end > begin) run.collectors.push_back(options.collectors.substr(begin, end - begin));
    begin = end + 1;
  }
  return run;
}

Result<int> run(const Options& options, const Cluster& cluster) {
  const auto target = target_of(options);
  if (!target) return tl::unexpected(target.error());
  const auto how = run_options(options);
  if (!how) return tl::unexpected(how.error());
  const auto made = cluster.create_run(cluster.ns(), run_object(*target, cluster.ns(), *how));
  if (!made) return tl::unexpected(made.error());
  const std::string name = text_at(*made, {"metadata", "name"});
  if (options.format == "json") {
    print(made->dump(2) + "\n");
  } else if (options.format == "yaml") {
    print(to_yaml(*made));
  } else {
    print("diagnosticrun.edp.dev/" + name + "\n");
  }
  return options.wait ? wait_for(cluster, cluster.ns(), name, 0) : Result<int>(0);
}

}  // namespace

void add_run_command(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "Diagnose a workload, a pod, or the pods with given labels");
  command->add_option("target", options->resource, "deploy/NAME, sts/NAME, ds/NAME, rs/NAME or pod/NAME")
      ->type_name("KIND/NAME");
  command->add_option("-l,--selector", options->selector, "Pods with these labels, as kubectl writes them")
      ->type_name("LABELS");
  command
      ->add_option("--profile", options->run.profile,
                   "The DiagnosticProfile, or a built-in one (default: prod-k8s)")
      ->type_name("NAME");
  command->add_option("--collectors", options->collectors, "Collect only these: cpu,heap")
      ->type_name("NAMES");
  command->add_option("--duration", options->run.duration, "Window of cpu and delta profiles: 20s, 2m")
      ->type_name("SECONDS");
  command->add_option("--timeout", options->run.timeout, "Limit for one target: 180, 3m")
      ->type_name("SECONDS");
  command->add_option("--gate", options->run.gate, "The run's gate fails from this severity on")
      ->type_name("SEVERITY")
      ->check(CLI::IsMember({"INFO", "WARNING", "CRITICAL"}));
  command
      ->add_option("--priority", options->run.priority, "Critical goes before Manual, Manual before Periodic")
      ->type_name("PRIORITY")
      ->check(CLI::IsMember({"Critical", "Manual", "Periodic"}));
  command
      ->add_option("--max-parallel", options->run.max_parallel, "How many targets at the same time, 1 to 16")
      ->type_name("N")
      ->check(CLI::Range(1, 16));
  command->add_option("--ttl", options->run.ttl, "Delete the run so long after it ended: 24h")
      ->type_name("SECONDS");
  command
      ->add_option("--port", options->port,
                   "Port of the pprof pages (default: by annotation or name, else 6060)")
      ->type_name("PORT")
      ->check(CLI::Range(1, 65535));
  command->add_option("--path", options->path, "Base path of the pprof pages")->type_name("PATH");
  command->add_flag("--wait", options->wait,
                    "Wait for the verdict, and exit by the gate: 0 passed, 2 failed");
  command->add_option("-o,--format", options->format, "How to print the new run: name, json or yaml")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"name", "json", "yaml"}));
  add_where(*command, options->where);
  command->callback([options, &status] {
    status = with_cluster(options->where, [&](const Cluster& cluster) { return run(*options, cluster); });
  });
}

void add_wait_command(CLI::App& app, int& status) {
  struct Wait {
    Where where;
    std::string name, timeout;
  };
  const auto options = std::make_shared<Wait>();
  CLI::App* command = app.add_subcommand("wait", "Wait for a run's verdict, and exit by its gate");
  command->add_option("name", options->name, "The DiagnosticRun")->required()->type_name("NAME");
  command
      ->add_option("--timeout", options->timeout,
                   "Wait no longer than this: 300, 5m (default: as long as it takes)")
      ->type_name("SECONDS");
  add_where(*command, options->where);
  command->callback([options, &status] {
    status = with_cluster(options->where, [&](const Cluster& cluster) -> Result<int> {
      double seconds = 0;
      if (!options->timeout.empty()) {
        const auto parsed = config::parse_seconds(options->timeout);
        if (!parsed) return tl::unexpected(parsed.error().at("--timeout"));
        seconds = *parsed;
      }
      return wait_for(cluster, cluster.ns(), options->name, seconds);
    });
  });
}

void add_cancel_command(CLI::App& app, int& status) {
  struct Cancel {
    Where where;
    std::vector<std::string> names;
  };
  const auto options = std::make_shared<Cancel>();
  CLI::App* command = app.add_subcommand("cancel", "Stop runs for good; their Jobs are deleted");
  command->add_option("name", options->names, "DiagnosticRuns")->required()->type_name("NAME");
  add_where(*command, options->where);
  command->callback([options, &status] {
    status = with_cluster(options->where, [&](const Cluster& cluster) -> Result<int> {
      for (const std::string& name : options->names) {
        const auto run = cluster.merge_patch(run_path(cluster.ns(), name), {{"spec", {{"cancel", true}}}});
        if (!run) return tl::unexpected(run.error());
        const RunView view = read_run(*run);
        print("diagnosticrun.edp.dev/" + name +
              (view.done() ? " had ended already: " + state_text(view) : std::string(" cancelled")) + "\n");
      }
      return 0;
    });
  });
}

}  // namespace edp::kubectl
