// The Job of one attempt at one target, and its kin: restricted in every way that Pod Security knows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "operator/watch/records.h"

namespace edp::reconcile {

struct JobSettings {
  std::string ns = "diagnostic-system", service_account = "edp-runner";
  // Where node-local runners live: hostPID does not pass "restricted".
  std::string node_ns = "diagnostic-system-node", node_service_account = "edp-runner-node";
  std::string image, pull_policy = "IfNotPresent";
  std::vector<std::string> pull_secrets;
  std::string reports_url;  // "https://edp-reports.diagnostic-system.svc:8443", no slash at the end
  std::string reports_ca;   // PEM
  // Labels of the nodes that runners go to, whose taints they bear; empty: any node.
  std::map<std::string, std::string> node_selector = {{"node-role.kubernetes.io/diagnostic", "true"}};
  std::string tolerations = "[]";  // beyond those: JSON, as in a pod
  std::string priority_class;
  std::map<std::string, std::string> extra_labels;  // of Job and pod
  // The runner writes its acts to its standard output; `requester_checked` as in requester.h.
  bool audit = false, requester_checked = false;
  int64_t slack_seconds = 90;  // activeDeadlineSeconds beyond the timeout: scheduling, image, 35 s to upload
  int64_t ttl_seconds = 600;   // of a finished Job
};

// "edp-<12 hex of sha256(run uid + "/" + target uid)>-<attempt>".
std::string job_name(std::string_view run_uid, std::string_view target_uid, int32_t attempt);
// The attempt that such a name tells; 0 where it is of another run or target.
int32_t attempt_of(std::string_view name, std::string_view run_uid, std::string_view target_uid);

// The profile called for: the object if there is one, else built in; nothing if there is neither. A built-in
// one is filled from the runner's own YAML files.
const watch::ProfileRecord* builtin_profile(std::string_view name);

// Seconds: the run's, else the profile's, else 180.
double effective_timeout(const watch::RunRecord& run, const watch::ProfileRecord& profile);
// The run's, else the profile's, else CRITICAL.
std::string effective_gate(const watch::RunRecord& run, const watch::ProfileRecord& profile);

// The profile text that the runner gets (JSON): the run's collectors in place of the profile's. An error
// where the profile is no JSON object or is too large for an environment variable (100 kB).
Result<std::string> runner_profile(const watch::RunRecord& run, const watch::ProfileRecord& profile);

// "http://10.1.2.3:6060/base"; host empty: the pod's address.
std::string target_url(const watch::RunTarget& target, const watch::PodRecord& pod,
                       std::string_view host = {});

// JSON of the Job, of a kind by profile.reach: Network or Node. Everything is checked by the caller but
// the profile text.
Result<std::string> build_job(const watch::RunRecord& run, const watch::ProfileRecord& profile,
                              const watch::PodRecord& target, int32_t attempt, const JobSettings& settings);

// The patch (strategic merge) of pods/NAME/ephemeralcontainers. Such a container can have no volume of its
// own, so no token: the verdict comes by the termination message, the full report is not stored.
Result<std::string> build_ephemeral_container(const watch::RunRecord& run,
                                              const watch::ProfileRecord& profile,
                                              const watch::PodRecord& target, int32_t attempt,
                                              const JobSettings& settings);

}  // namespace edp::reconcile
