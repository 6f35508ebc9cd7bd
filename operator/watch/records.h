// What the operator keeps of the cluster's objects: compact, for they are held by the ten thousand. Times are
// seconds since 1970 (UTC), 0 for "not set". CPU is in millicores, memory in bytes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/watch/symbol.h"

namespace edp::watch {

using Labels = std::vector<std::pair<Symbol, Symbol>>;  // sorted by key

// The value of a label, empty where there is none. Valid as long as `labels`.
std::string_view label(const Labels& labels, std::string_view key);

// Of an object without labels.
std::shared_ptr<const Labels> no_labels();

enum class PodPhase : uint8_t { kUnknown, kPending, kRunning, kSucceeded, kFailed };

// The pod's own readiness probe, or a TCP connect to its first port.
struct ReadinessProbe {
  enum class Kind : uint8_t { kNone, kHttp, kHttps, kTcp };  // exec and grpc probes read as kNone
  Kind kind = Kind::kNone;
  uint16_t port = 0;
  uint16_t timeout_seconds = 1;
  uint16_t period_seconds = 10;
  Symbol path;
};

struct Termination {
  Symbol reason;  // "OOMKilled", "Error", "Completed"
  int32_t exit_code = 0;
  int64_t finished = 0;
};

// Of a runner's own pod, beyond what every pod has.
struct RunnerPod {
  std::string message;         // the termination message: see operator/reconcile/outcome.h
  std::string waiting_reason;  // "ErrImagePull", "ImagePullBackOff", "CreateContainerConfigError"
  std::string waiting_message;
  std::optional<int32_t> exit_code;
  bool operator==(const RunnerPod&) const = default;
};

// A runner inside its target's pod. Added to the pod's spec it is there without a state at first.
struct EphemeralContainer {
  std::string name;  // = reconcile::job_name
  RunnerPod state;
  int64_t finished = 0;
  bool operator==(const EphemeralContainer&) const = default;
};

struct PodRecord {
  Symbol ns;
  std::string name;
  std::string uid;
  uint64_t version = 0;           // resourceVersion as a number; 0 where it is none
  Symbol owner_kind, owner_name;  // the controller's; "ReplicaSet", "checkout-7d4b9"
  Symbol node;
  // Shared between pods that have the same ones; never null.
  std::shared_ptr<const Labels> labels = no_labels();
  std::string ip;
  int64_t created = 0;
  int64_t ready_since = 0;  // last transition of the Ready condition, whichever way
  PodPhase phase = PodPhase::kUnknown;
  bool ready = false;
  bool deleting = false;
  int32_t restarts = 0;          // of all containers
  Termination last_termination;  // the latest of any container's
  ReadinessProbe readiness;
  uint16_t pprof_port = 0;  // annotation edp.dev/pprof-port, else a container port named pprof or debug
  Symbol pprof_path;        // annotation edp.dev/pprof-path
  Symbol pprof_scheme;      // annotation edp.dev/pprof-scheme; empty: http
  std::unique_ptr<RunnerPod> runner;                           // only of pods with the label edp.dev/run-uid
  std::unique_ptr<std::vector<EphemeralContainer>> ephemeral;  // EDP's, of the few pods that have any

  [[nodiscard]] bool enabled() const { return label(*labels, "edp-enabled") == "true"; }
};

struct Resources {
  int64_t cpu = 0;
  int64_t memory = 0;
};

struct JobRecord {
  Symbol ns;
  std::string name;
  std::string uid;
  uint64_t version = 0;        // resourceVersion as a number; 0 where it is none
  std::string run_uid;         // label edp.dev/run-uid
  std::string run_namespace;   // annotation edp.dev/run-namespace
  std::string run_name;        // annotation edp.dev/run-name
  std::string target_uid;      // label edp.dev/target-uid
  std::string target_pod;      // annotation edp.dev/target-pod ("ns/name")
  Symbol target_node;          // annotation edp.dev/target-node
  int32_t attempt = 1;         // label edp.dev/attempt
  Resources requests, limits;  // of one pod
  int64_t created = 0, finished = 0;
  bool complete = false, failed = false;  // terminal conditions
  std::string reason, message;            // of the terminal condition
  bool deleting = false;

  [[nodiscard]] bool done() const { return complete || failed; }
};

struct Condition {
  std::string type, status, reason, message;  // status: "True", "False", "Unknown"
  int64_t transition = 0;
  int64_t observed_generation = 0;
  bool operator==(const Condition&) const = default;
};

struct SelectorTerm {
  enum class Op : uint8_t { kIn, kNotIn, kExists, kDoesNotExist };
  std::string key;
  Op op = Op::kIn;
  std::vector<std::string> values;
  bool operator==(const SelectorTerm&) const = default;
};
struct Selector {  // matchLabels are kIn terms; no term at all matches everything
  std::vector<SelectorTerm> terms;
  [[nodiscard]] bool matches(const Labels& labels) const;
  bool operator==(const Selector&) const = default;
};

struct RunTarget {
  std::string pod;                           // exactly one of pod, workload, selector
  std::string workload_kind, workload_name;  // "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"
  std::optional<Selector> selector;
  uint16_t port = 0;  // 0: the pod's annotation, named port, else 6060
  std::string path;  // base path of the pprof pages; empty: the pod's annotation, else /debug/pprof found out
  std::string scheme;  // "http" or "https"; empty: the pod's annotation, else http
};

// One target's part of a run's status.
struct TargetStatus {
  std::string pod, uid;
  std::string phase;  // "Waiting", "Running", "Succeeded", "Failed"
  std::string reason, message;
  int32_t attempt = 0;
  int32_t critical = 0, warning = 0, info = 0;
  int32_t exit_status = 0;
  std::string digest;  // "sha256:..." of the JSON report; empty: no report
  bool operator==(const TargetStatus&) const = default;
};
struct WorstFinding {
  std::string rule, severity, title, location, pod, fingerprint;
  bool operator==(const WorstFinding&) const = default;
};
struct RunStatus {
  int64_t observed_generation = 0;
  std::vector<Condition> conditions;
  int32_t matched = 0, waiting = 0, running = 0, succeeded = 0, failed = 0;  // targets
  int32_t critical = 0, warning = 0, info = 0;                               // findings
  std::string verdict;              // "2 CRITICAL, 1 WARNING", "no findings"; "" while nothing is known
  std::string gate_result;          // "Passed", "Failed", "" while running
  std::vector<WorstFinding> worst;  // at most five
  std::vector<TargetStatus> targets;
  std::string report_url, report_digest;
  int64_t started = 0, completed = 0;
  bool operator==(const RunStatus&) const = default;
};

struct RunRecord {
  Symbol ns;
  std::string name;
  std::string uid;
  uint64_t version = 0;  // resourceVersion as a number; 0 where it is none
  std::string resource_version;
  int64_t generation = 0;
  int64_t created = 0;
  bool deleting = false;
  std::string
      requested_by;  // annotation edp.dev/requested-by, else the manager of managedFields that made it
  bool requester_annotated = false;  // the former
  std::string policy;                // label edp.dev/policy: the DiagnosticPolicy that made it
  std::string trigger;               // annotation edp.dev/trigger
  std::string alert;  // annotation edp.dev/alert-fingerprint: Alertmanager's id of the alert that caused it
  std::string validates;  // the DiagnosticTicket whose fix the run is to prove
  RunTarget target;
  std::string profile = "prod-k8s";
  std::vector<std::string> collectors;  // empty: the profile's
  double duration_seconds = 0;          // 0: the profile's
  double timeout_seconds = 0;           // 0: the profile's
  std::string gate;                     // empty: the profile's
  bool suspend = false;
  bool cancel = false;
  std::optional<int64_t> ttl_seconds;  // ttlAfterFinished
  int32_t max_parallel = 1;
  std::string priority = "Manual";  // "Critical", "Manual", "Periodic"
  RunStatus status;
};

// How a runner reaches its target (K4).
enum class Reach : uint8_t { kNetwork, kEphemeralContainer, kNode };

struct ProfileRecord {
  std::string name;
  std::string uid;
  uint64_t version = 0;  // resourceVersion as a number; 0 where it is none
  int64_t generation = 0;
  Reach reach = Reach::kNetwork;
  Resources requests{250, int64_t{256} << 20}, limits{500, int64_t{512} << 20};
  double duration_seconds = 0, timeout_seconds = 0;  // 0: not set there
  std::string gate;
  int32_t max_attempts = 3;
  std::string diagnostic;  // the part that edp-runner reads, as JSON (which is YAML): DiagnosticProfile of
                           // runner/config
};

struct PolicyRecord {
  std::string name;
  std::string uid;
  uint64_t version = 0;  // resourceVersion as a number; 0 where it is none
  int64_t generation = 0;
  std::vector<std::string> namespaces;  // names; empty: all but the system's own
  Selector pods;                        // beyond edp-enabled=true
  std::string profile = "prod-k8s";
  int64_t cooldown_seconds = 3600;  // of one target
  std::string schedule;             // cron, five fields, UTC; empty: none
  std::string time_zone;
  bool on_rollout = false, on_restart = false, on_oom_killed = false, on_breach = false, on_alert = false;
  int32_t max_per_node = 1;
  int32_t max_targets = 3;  // of one triggered run
  bool canary = false;      // compare labelled pods with the rest during a rollout
  bool probe = true;        // the light health probe
  int64_t probe_interval_seconds = 15;
  double breach_latency_ms = 1000;
  int32_t breach_failures = 3;         // in a row
  int64_t keep_runs_seconds = 86'400;  // ttlAfterFinished of the runs it makes
  bool suspend = false;
  int64_t last_schedule = 0;  // status.lastScheduleTime
};

struct QuotaRecord {
  Symbol ns;
  std::string name;
  std::string uid;
  uint64_t version = 0;  // resourceVersion as a number; 0 where it is none
  // Keys as in the ResourceQuota: "requests.cpu", "limits.memory", "pods", "count/jobs.batch"; CPU in
  // millicores, memory in bytes, counts as they are.
  std::map<std::string, int64_t, std::less<>> hard, used;
};

// "1500m" -> 1500, "2" -> 2000 (cpu in millicores); nothing where it is no quantity. Rounds up.
std::optional<int64_t> parse_cpu(std::string_view text);
// "512Mi" -> 536870912, "1e3", "128974848".
std::optional<int64_t> parse_bytes(std::string_view text);
// RFC 3339, with or without fractions; 0 where it is none.
int64_t parse_time(std::string_view text);
std::string format_time(int64_t seconds);

}  // namespace edp::watch
