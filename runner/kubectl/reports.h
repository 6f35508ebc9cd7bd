// Fetches full reports from the report service: through the apiserver's service proxy, or from an address
// that is reachable from here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/cancel.h"
#include "common/result.h"
#include "runner/kubectl/cluster.h"
#include "runner/kubectl/run_view.h"

namespace edp::kubectl {

struct ReportAccess {
  // The service's address: one of a service in the cluster (https://edp-reports.NS.svc:8443) is asked through
  // the apiserver, any other directly. Empty: what the run's status says.
  std::string url;
  // Who may write a run's status must not get the token of whoever looks at it: without `url`, it goes to the
  // service edp-reports in this namespace only.
  std::string reports_ns = "edp";
  std::string token_file;       // who asks, for the service; empty: the kubeconfig's token
  std::string service_account;  // ask as this one, in the cluster's namespace: a token is requested for it
  std::string ca_file;          // PEM, for `url`; empty: the system's
};

class ReportSource {
 public:
  ReportSource() = default;
  ReportSource(const ReportSource&) = delete;
  ReportSource& operator=(const ReportSource&) = delete;
  virtual ~ReportSource() = default;
  // A path of the service, "/api/v1/runs/...". Errors are explained for people.
  virtual Result<std::string> get(const std::string& path, const CancelToken& cancel) = 0;
};

// `run_url`: status.report.url. The cluster must outlive it.
Result<std::unique_ptr<ReportSource>> open_reports(const Cluster& cluster, const std::string& run_url,
                                                   const ReportAccess& access, const CancelToken& cancel);

struct FetchedReport {
  std::string pod;   // empty where only its uid is known
  std::string path;  // of the JSON; "report.html" lies beside it
  std::string json;
};

// The JSON reports of all the run's targets that have one, checked against their digests. `pod`: of this one
// alone. No report at all is an error.
Result<std::vector<FetchedReport>> fetch_reports(ReportSource& source, const RunView& run,
                                                 const std::string& pod, const CancelToken& cancel);

// The host of a URL of a service in the cluster, taken apart; nothing for any other URL.
struct ServiceUrl {
  std::string name, ns;
  std::string proxy_path;  // the apiserver's: "/api/v1/namespaces/edp/services/https:edp-reports:8443/proxy"
};
std::optional<ServiceUrl> service_url(const std::string& url);

}  // namespace edp::kubectl
