// Takes reports from runners and gives them to those who may see the run (S3 of the requirements).
//   PUT  /api/v1/runs/{ns}/{name}/{uid}/targets/{podUid}/report.json|report.html
//   GET  the same, and HEAD
//   GET  /api/v1/runs/{ns}/{name}         the newest run of that name: {"uid", "reports": [...]}
// Errors are {"error", "reason"}.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/audit/journal.h"
#include "common/http_server.h"
#include "operator/kube/api.h"
#include "operator/serve/forwarder.h"
#include "operator/serve/review.h"
#include "operator/serve/store.h"

namespace edp::serve {

// Whose pod a runner is, as the operator knows it.
struct RunnerIdentity {
  std::string run_namespace, run_name, run_uid, target_uid;
  int attempt = 1;
};

class RunnerDirectory {
 public:
  RunnerDirectory() = default;
  RunnerDirectory(const RunnerDirectory&) = delete;
  RunnerDirectory& operator=(const RunnerDirectory&) = delete;
  virtual ~RunnerDirectory() = default;
  // From any thread, at once. Nothing where no runner pod of exactly that namespace, name and uid is known.
  virtual std::optional<RunnerIdentity> find(const std::string& pod_ns, const std::string& pod_name,
                                             const std::string& pod_uid) = 0;
  // False until all pods have been listed once: then an unknown pod is told to come again.
  virtual bool ready() { return true; }
};

// What happened, for metrics, log and audit; never a token, never a report's content.
struct ServeEvent {
  enum class Kind : uint8_t {
    kStored,         // an upload was acknowledged
    kUploadRefused,  // 4xx
    kDiskFull,       // 507
    kServed,         // a download or an index was given
    kDenied,         // 401 or 403 of a download
    kUnavailable,    // 503: the apiserver or the store gave no answer
    kFailed,         // 500: stored report corrupt, store broken
  };
  Kind kind = Kind::kStored;
  int status = 0;
  std::string
      reason;  // the one of the error body: bounded in variety, fit for a label; "" where all went well
  std::string user, peer;
  std::string ns, name, run_uid, pod_uid, file;  // as far as known and valid
  std::string digest;
  uint64_t bytes = 0;
  uint64_t intent = 0;  // of an upload: its line in the audit
  std::string detail;   // for the log
};

struct ReportServiceOptions {
  uint64_t max_json_bytes = uint64_t{64} << 20;  // after decompression
  uint64_t max_html_bytes = uint64_t{64} << 20;
  std::string audience = "edp-reports";
  // Who may bring reports, and the namespace of its pods.
  std::map<std::string, std::string> runners = {
      {"system:serviceaccount:diagnostic-system:edp-runner", "diagnostic-system"}};
  Reviewer::Options review;
  size_t max_uploads = 8;                           // at once; beyond: 503 with Retry-After
  std::function<int64_t()> now;                     // seconds since 1970; empty: the system's clock
  audit::Journal* journal = nullptr;                // borrowed; null: nothing is audited
  std::function<void(const ServeEvent&)> on_event;  // from any thread; short
};

class ReportService {
 public:
  // All borrowed; must outlive the server. `forwarder` may be null: this replica serves by itself.
  ReportService(kube::Api& api, ReportStore& store, RunnerDirectory& runners, Forwarder* forwarder,
                ReportServiceOptions options);
  ~ReportService();

  void add_routes(http::Server& server);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::serve
