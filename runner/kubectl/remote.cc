#include "runner/kubectl/remote.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "common/cancel.h"
#include "common/files.h"
#include "runner/kubectl/follow.h"
#include "runner/kubectl/render.h"
#include "runner/report/read.h"
#include "runner/report/report.h"

namespace edp::kubectl {
namespace {

using Clock = std::chrono::steady_clock;

enum Exit : int { kPassed = 0, kError = 1, kAtGate = 2, kNotDiagnosed = 3 };

void complain(const std::string& message) { (void)std::fprintf(stderr, "edp-runner: %s\n", message.c_str()); }

// The worst of several runs, from the pipeline's point of view.
int worst(const std::vector<RunView>& runs) {
  const auto rank = [](int status) {
    return status == kAtGate ? 3 : status == kError ? 2 : status == kNotDiagnosed ? 1 : 0;
  };
  int found = kPassed;
  for (const RunView& run : runs) {
    const int status = exit_status(run);
    if (rank(status) > rank(found)) found = status;
  }
  return found;
}

class Remote {
 public:
  Remote(const RemoteOptions& options, const Cluster& cluster) : options_(options), cluster_(cluster) {}

  int run() {
    const CancelToken cancel;
    const SignalCancel signals(cancel);
    const auto deadline =
        Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(options_.timeout_seconds * 1e3));
    if (!create(cancel)) {
      stop_runs();
      return kError;
    }
    auto followed = follow(cluster_, names_,
                           {.deadline = deadline,
                            .progress = !options_.quiet,
                            .live = ::isatty(STDERR_FILENO) != 0,
                            .program = "edp-runner"},
                           cancel);
    if (!followed) {
      stop_runs();
      complain(followed.error().to_string());
      return kError;
    }
    if (followed->end != Followed::End::kDone) {
      stop_runs();
      complain(followed->end == Followed::End::kTimeout
                   ? "the time is up (--timeout); " + left_over(followed->runs)
                   : "interrupted; " + left_over(followed->runs));
    }
    return conclude(followed->runs);
  }

 private:
  const RemoteOptions& options_;
  const Cluster& cluster_;
  std::vector<RunName> names_;

  bool create(const CancelToken& cancel) {
    std::vector<ClusterTarget> targets = options_.targets;
    if (targets.empty()) targets.push_back(all_enabled());
    for (const ClusterTarget& target : targets) {
      const std::string ns = target.ns.empty() ? cluster_.ns() : target.ns;
      const auto made = cluster_.create_run(ns, run_object(target, ns, options_.run), cancel);
      if (!made) {
        complain(made.error().at("no run for " + target.shown + " in " + ns).to_string());
        return false;
      }
      names_.push_back({ns, text_at(*made, {"metadata", "name"})});
      if (!options_.quiet) {
        complain("DiagnosticRun " + ns + "/" + names_.back().name + " diagnoses " + target.shown);
      }
    }
    return true;
  }

  // Also after Ctrl-C: with a token of its own, which is not cancelled.
  void stop_runs() const {
    for (const RunName& run : names_) {
      const auto cancelled = cluster_.merge_patch(run_path(run.ns, run.name), {{"spec", {{"cancel", true}}}});
      if (!cancelled) complain(cancelled.error().at("cancelling " + run.ns + "/" + run.name).to_string());
    }
  }

  static std::string left_over(const std::vector<RunView>& runs) {
    std::string text;
    for (const RunView& run : runs) {
      if (run.done()) continue;
      text += (text.empty() ? "cancelled " : ", ") + run.ns + "/" + run.name + " while " + state_text(run);
      if (!run.message.empty()) text += " (" + run.message + ")";
    }
    return text.empty() ? "all runs had ended" : text;
  }

  // Empty: no target of any run has one.
  Result<std::vector<FetchedReport>> fetch(const std::vector<RunView>& runs,
                                           const CancelToken& cancel) const {
    std::vector<FetchedReport> all;
    for (const RunView& run : runs) {
      const bool any = run.succeeded > 0 || std::ranges::any_of(run.targets, [](const auto& target) {
                         return !target.digest.empty();
                       });
      if (!any) continue;
      auto source = open_reports(cluster_, run.report_url, options_.reports, cancel);
      auto reports = source ? fetch_reports(**source, run, "", cancel) : tl::unexpected(source.error());
      if (!reports) return reports;
      std::ranges::move(*reports, std::back_inserter(all));
    }
    return all;
  }

  int conclude(const std::vector<RunView>& runs) const {
    const int status = worst(runs);
    const bool asked = !options_.output.empty() || !options_.junit.empty() || !options_.sarif.empty();
    const auto verdicts = [&] {
      for (const RunView& run : runs) (void)std::fputs(verdict_text(run).c_str(), stdout);
    };
    const auto without_report = [&](const Error& why) {
      if (!options_.quiet) verdicts();
      if (why.what.empty() && !asked) return status;
      complain((asked ? "no report was written: " : "the full report could not be had: ") +
               (why.what.empty() ? "no target was diagnosed" : why.to_string()));
      // What the run itself says goes first; a pipeline that waits for files must not take their lack for a
      // pass.
      return status == kPassed && asked ? kError : status;
    };
    const auto reports = fetch(runs, {});
    if (!reports) return without_report(reports.error());
    if (reports->empty()) return without_report({});
    const auto json = combined_json(*reports, runs.front().uid, options_.run.gate, status);
    if (!json) return without_report(json.error());
    auto report = report::from_json(*json);
    if (!report) return without_report(report.error());
    if (!options_.quiet) {
      (void)std::fputs(for_terminal(*report, options_.no_color).c_str(), stdout);
      if (status == kError || status == kNotDiagnosed || runs.size() > 1) verdicts();
    }
    return write(*report, *json) ? status : kError;
  }

  [[nodiscard]] bool write(const model::Report& report, const std::string& json) const {
    bool good = true;
    const auto one = [&](const std::string& path, const std::string& text) {
      if (path.empty()) return;
      if (const auto written = write_file(path, text); !written) {
        complain(written.error().to_string());
        good = false;
      }
    };
    one(options_.output, json);
    if (!options_.html.empty()) one(options_.html, report::to_html(report, json));
    if (!options_.junit.empty()) one(options_.junit, report::to_junit(report));
    if (!options_.sarif.empty()) one(options_.sarif, report::to_sarif(report));
    return good;
  }
};

}  // namespace

bool cluster_at_hand() {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  if (set("KUBECONFIG")) return true;
  std::error_code ignored;
  if (set("KUBERNETES_SERVICE_HOST") &&
      std::filesystem::exists("/var/run/secrets/kubernetes.io/serviceaccount/token", ignored)) {
    return true;
  }
  return set("HOME") && std::filesystem::exists(std::string(std::getenv("HOME")) + "/.kube/config", ignored);
}

int run_remote(const RemoteOptions& options) {
  const char* ns = std::getenv("EDP_NAMESPACE");
  const auto cluster = Cluster::open({.ns = ns == nullptr ? "" : ns});
  if (!cluster) {
    complain(cluster.error().to_string());
    return kError;
  }
  for (const std::string& warning : cluster->config().warnings) complain("kubeconfig: " + warning);
  return Remote(options, *cluster).run();
}

}  // namespace edp::kubectl
