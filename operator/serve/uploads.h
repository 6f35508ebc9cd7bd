// PUT of a report: checked, streamed into the store, acknowledged once it is safe.
#pragma once

#include <atomic>
#include <functional>

#include "operator/serve/report_service.h"
#include "operator/serve/runner_gate.h"
#include "operator/serve/serve_audit.h"

namespace edp::serve {

class Uploads {
 public:
  Uploads(ReportStore& store, RunnerGate& gate, ServeAudit& auditor, const ReportServiceOptions& options)
      : store_(store), gate_(gate), auditor_(auditor), options_(options) {}

  // `event` has the key's parts; the rest is filled in.
  http::Reply put(http::ServerRequest& request, const ReportKey& key, ServeEvent& event);

 private:
  tl::expected<http::Reply, Fault> take(http::ServerRequest& request, const ReportKey& key,
                                        ServeEvent& event);
  tl::expected<ReportRef, Fault> receive(http::ServerRequest& request, const ReportKey& key, int attempt,
                                         ServeEvent& event);

  ReportStore& store_;
  RunnerGate& gate_;
  ServeAudit& auditor_;
  const ReportServiceOptions& options_;
  std::atomic<size_t> under_way_{0};
};

}  // namespace edp::serve
