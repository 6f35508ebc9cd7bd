#include "runner/kubectl/commands.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "runner/kubectl/follow.h"

namespace edp::kubectl {

void complain(const std::string& message) {
  (void)std::fprintf(stderr, "kubectl-edp: %s\n", message.c_str());
}

void print(const std::string& text) {
  (void)std::fwrite(text.data(), 1, text.size(), stdout);
  (void)std::fflush(stdout);
}

void add_where(CLI::App& command, Where& where) {
  command.add_option("--kubeconfig", where.kubeconfig, "The kubeconfig to use")->type_name("FILE");
  command.add_option("--context", where.context, "The kubeconfig's context to use")->type_name("NAME");
  command.add_option("-n,--namespace", where.ns, "The namespace (default: the context's)")
      ->type_name("NAMESPACE");
}

void add_report_access(CLI::App& command, ReportAccess& access) {
  command
      .add_option("--url", access.url,
                  "The report service's address, where the one in the run's status is not to be used")
      ->type_name("URL");
  command
      .add_option("--token-file", access.token_file,
                  "Bearer token for the report service (default: the kubeconfig's)")
      ->type_name("FILE");
  command
      .add_option("--service-account", access.service_account,
                  "Ask the report service as this service account of the namespace")
      ->type_name("NAME");
  command.add_option("--ca", access.ca_file, "CA certificates (PEM) to trust for --url")->type_name("FILE");
  command.add_option("--reports-namespace", access.reports_ns, "Where EDP is installed (default: edp)")
      ->type_name("NAMESPACE")
      ->envname("EDP_REPORTS_NAMESPACE");
}

int with_cluster(const Where& where, const std::function<Result<int>(const Cluster&)>& body) {
  const auto cluster = Cluster::open(where);
  if (!cluster) {
    complain(cluster.error().to_string());
    return 1;
  }
  for (const std::string& warning : cluster->config().warnings) complain("kubeconfig: " + warning);
  const auto result = body(*cluster);
  if (result) return *result;
  complain(result.error().to_string());
  return 1;
}

Result<int> wait_for(const Cluster& cluster, const std::string& ns, const std::string& name, double seconds) {
  const CancelToken cancel;
  const SignalCancel signals(cancel);
  FollowOptions options{.live = ::isatty(STDERR_FILENO) != 0};
  if (seconds > 0) {
    options.deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(static_cast<int64_t>(seconds * 1e3));
  }
  const auto followed = follow(cluster, {{ns, name}}, options, cancel);
  if (!followed) return tl::unexpected(followed.error());
  const RunView& run = followed->runs.front();
  print(verdict_text(run));
  if (followed->end == Followed::End::kDone) return exit_status(run);
  constexpr int kNotDiagnosed = 3;
  complain(std::string(followed->end == Followed::End::kTimeout ? "the time is up" : "interrupted") +
           "; the run goes on: `kubectl edp wait " + name + " -n " + ns + "`, or `kubectl edp cancel " +
           name + " -n " + ns + "`");
  return kNotDiagnosed;
}

}  // namespace edp::kubectl
