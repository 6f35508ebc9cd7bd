// What Prometheus scrapes: `edp_*`, and client-go's `workqueue_*`, `leader_election_*` and `process_*` under
// their usual names. All methods may be called from any thread and cost no more than a lock and a look-up.
//
// No label is free: a value outside its list, beyond its pattern, or one too many is counted as "other". So
// neither a cluster's size nor a hostile report decides how many series there are.
//   condition  Accepted Admitted Running Succeeded Failed
//   reason     the constants of the operator's own code: [A-Za-z][A-Za-z0-9_-]{0,63}, at most 64 a metric
//   priority   Critical Manual Periodic              severity  CRITICAL WARNING INFO
//   resource   keys of a ResourceQuota, at most 32   rule      ^[A-Z][A-Z0-9-]{2,63}$, at most 200
//   kind       of objects, watches and breaches: [A-Za-z][A-Za-z0-9_-]{0,63}, at most 24 a metric
//   verb       get list watch create update patch delete    code  HTTP status, or "0" for no answer
//   namespace, workload   of probes: the first 500 pairs
//   name       of queues and leases: at most 16
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace edp::publish {

struct MetricsOptions {
  std::string version = "unknown", revision = "unknown";  // edp_build_info
  std::string proc = "/proc/self";                        // process_*
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
  size_t probe_workloads = 500;  // pairs of namespace and workload with a histogram of their own
};

// One queue's figures, named as client-go names them. Lives as long as the Metrics.
class QueueMetrics {
 public:
  QueueMetrics() = default;
  QueueMetrics(const QueueMetrics&) = delete;
  QueueMetrics& operator=(const QueueMetrics&) = delete;
  virtual ~QueueMetrics() = default;
  virtual void set_depth(size_t depth) = 0;                     // workqueue_depth
  virtual void added(uint64_t count = 1) = 0;                   // workqueue_adds_total
  virtual void retried(uint64_t count = 1) = 0;                 // workqueue_retries_total
  virtual void waited(double seconds) = 0;                      // workqueue_queue_duration_seconds
  virtual void worked(double seconds) = 0;                      // workqueue_work_duration_seconds
  virtual void set_unfinished(double sum, double longest) = 0;  // workqueue_unfinished_work_seconds and
                                                                // workqueue_longest_running_processor_seconds
};

class Metrics {
 public:
  explicit Metrics(MetricsOptions options = {});
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Text exposition 0.0.4; serve it as `kContentType`.
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";
  [[nodiscard]] std::string exposition();

  // Runs.
  void set_runs(std::string_view condition, int64_t count);   // edp_runs{condition}
  void run_finished(bool succeeded, std::string_view reason,  // edp_runs_finished_total{result,reason}
                    double duration_seconds);                 // edp_run_duration_seconds
  void run_started(double queue_wait_seconds);                // edp_run_queue_wait_seconds
  void finding(std::string_view rule, std::string_view severity, int64_t count = 1);  // edp_findings_total
  void job_created();                        // edp_jobs_created_total
  void job_failed(std::string_view reason);  // edp_jobs_failed_total{reason}
  void applied_to_job(double seconds);       // edp_apply_to_job_seconds

  // Admission.
  void admitted(std::string_view priority);                      // edp_admitted_total{priority}
  void set_waiting(std::string_view priority, int64_t count);    // edp_waiting{priority}
  void set_quota_used(std::string_view resource, double ratio);  // edp_quota_used_ratio{resource}

  // Light health probes.
  void probed(std::string_view ns, std::string_view workload, double seconds);  // edp_probe_latency_seconds
  // No pod of it is probed any more: its series goes, and makes room for another.
  void probes_gone(std::string_view ns, std::string_view workload);
  void probe_failed();                       // edp_probe_failures_total
  void set_probe_targets(int64_t count);     // edp_probe_targets
  void set_probe_unready(int64_t count);     // edp_probe_unready
  void target_restarted(int64_t count = 1);  // edp_target_restarts_total
  void breach(std::string_view kind);        // edp_breaches_total{kind}

  // Reports.
  void report_stored();                              // edp_reports_stored_total
  void report_rejected(std::string_view reason);     // edp_reports_rejected_total{reason}
  void report_store_error(std::string_view reason);  // edp_report_store_errors_total{reason}
  // edp_report_store_bytes, edp_report_store_free_bytes; free: unset where the store (S3) can't tell
  void set_report_store(uint64_t bytes, std::optional<uint64_t> free_bytes);

  // The audit.
  void audit_lines(uint64_t count);  // edp_audit_lines_total
  void audit_failed();               // edp_audit_failures_total
  // Tickets.
  void set_tickets(std::string_view state, int64_t count);  // edp_tickets{state}
  void set_ticket_outbox(int64_t count);                    // edp_ticket_outbox
  void ticket_error(std::string_view reason);               // edp_ticket_errors_total{reason}
  void ticket_recovered(double seconds);                    // edp_ticket_recovery_seconds

  // Watches. Heard of: any byte of the stream, a bookmark too; the metric is the age at the scrape.
  void watch_event(std::string_view kind, uint64_t count = 1);      // edp_watch_events_total{kind}
  void watch_restarted(std::string_view kind, uint64_t count = 1);  // edp_watch_restarts_total{kind}
  void watch_heard(std::string_view kind);                          // edp_watch_last_heard_seconds{kind}
  void set_objects(std::string_view kind, int64_t count);           // edp_objects{kind}

  // Calls to the apiserver: edp_api_requests_total{verb,code}; edp_api_request_seconds, but for watches.
  // `method` as in kube::Call, status 0: no answer.
  void api_request(std::string_view method, int status, double seconds, bool watch = false,
                   bool list = false);

  QueueMetrics& queue(std::string_view name);
  void set_leader(std::string_view name, bool leader);  // leader_election_master_status{name}
  void leader_slowpath(std::string_view name);          // leader_election_slowpath_total{name}

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::publish
