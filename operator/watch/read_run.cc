#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "operator/watch/dom.h"
#include "operator/watch/meta.h"
#include "operator/watch/readers.h"

namespace edp::watch {
namespace {

// Who made the object: the annotation, which admission can set, else the manager of the oldest entry that is
// not about a subresource. A manager is a program ("kubectl-create", "argocd"): the apiserver doesn't tell
// the user.
std::string requester(const Json& metadata) {
  if (const Json& given = member(metadata, {"annotations", "edp.dev/requested-by"}); given.is_string())
    return text_of(given);
  const Json& fields = member(metadata, "managedFields");
  if (!fields.is_array()) return {};
  const Json* oldest = nullptr;
  const auto time = [](const Json& entry) { return parse_time(text_of(member(entry, "time"))); };
  for (const Json& entry : fields) {
    if (!text_of(member(entry, "subresource")).empty()) continue;
    if (oldest == nullptr || time(entry) < time(*oldest)) oldest = &entry;
  }
  return oldest == nullptr ? std::string() : text_of(member(*oldest, "manager"));
}

RunTarget target_of(const Json& value) {
  RunTarget target;
  target.pod = text_of(member(value, "pod"));
  target.workload_kind = text_of(member(value, {"workload", "kind"}));
  target.workload_name = text_of(member(value, {"workload", "name"}));
  if (const Json& selector = member(value, "selector"); selector.is_object())
    target.selector = selector_of(selector);
  const int64_t port = number_of(member(value, "port"));
  target.port = port > 0 && port <= 65'535 ? static_cast<uint16_t>(port) : uint16_t{0};
  target.path = text_of(member(value, "path"));
  target.scheme = text_of(member(value, "scheme"));
  return target;
}

TargetStatus target_status_of(const Json& value) {
  TargetStatus target;
  target.pod = text_of(member(value, "pod"));
  target.uid = text_of(member(value, "uid"));
  target.phase = text_of(member(value, "phase"));
  target.reason = text_of(member(value, "reason"));
  target.message = text_of(member(value, "message"));
  target.attempt = small_of(member(value, "attempt"));
  target.critical = small_of(member(value, {"findings", "critical"}));
  target.warning = small_of(member(value, {"findings", "warning"}));
  target.info = small_of(member(value, {"findings", "info"}));
  target.exit_status = small_of(member(value, "exitStatus"));
  target.digest = text_of(member(value, "digest"));
  return target;
}

RunStatus status_of(const Json& value) {
  RunStatus status;
  status.observed_generation = number_of(member(value, "observedGeneration"));
  status.conditions = conditions_of(member(value, "conditions"));
  status.matched = small_of(member(value, {"targetCounts", "matched"}));
  status.waiting = small_of(member(value, {"targetCounts", "waiting"}));
  status.running = small_of(member(value, {"targetCounts", "running"}));
  status.succeeded = small_of(member(value, {"targetCounts", "succeeded"}));
  status.failed = small_of(member(value, {"targetCounts", "failed"}));
  status.critical = small_of(member(value, {"findings", "critical"}));
  status.warning = small_of(member(value, {"findings", "warning"}));
  status.info = small_of(member(value, {"findings", "info"}));
  status.verdict = text_of(member(value, "verdict"));
  status.gate_result = text_of(member(value, "gate"));
  if (const Json& worst = member(value, "worst"); worst.is_array()) {
    for (const Json& one : worst)
      status.worst.push_back({text_of(member(one, "rule")), text_of(member(one, "severity")),
                              text_of(member(one, "title")), text_of(member(one, "location")),
                              text_of(member(one, "pod")), text_of(member(one, "fingerprint"))});
  }
  if (const Json& targets = member(value, "targets"); targets.is_array()) {
    for (const Json& one : targets) status.targets.push_back(target_status_of(one));
  }
  status.report_url = text_of(member(value, {"report", "url"}));
  status.report_digest = text_of(member(value, {"report", "digest"}));
  status.started = parse_time(text_of(member(value, "startTime")));
  status.completed = parse_time(text_of(member(value, "completionTime")));
  return status;
}

}  // namespace

Result<RunRecord> read_run(std::string_view json) {
  const auto tree = parse_tree(json);
  if (!tree) return tl::unexpected(tree.error());
  const Json& metadata = member(*tree, "metadata");
  RunRecord run;
  run.name = text_of(member(metadata, "name"));
  if (run.name.empty()) return fail("a run without a name");
  run.ns = Symbol(text_of(member(metadata, "namespace")));
  run.uid = text_of(member(metadata, "uid"));
  run.resource_version = text_of(member(metadata, "resourceVersion"));
  run.version = Meta::numeric_version(run.resource_version);
  run.generation = number_of(member(metadata, "generation"));
  run.created = parse_time(text_of(member(metadata, "creationTimestamp")));
  run.deleting = member(metadata, "deletionTimestamp").is_string();
  run.requested_by = requester(metadata);
  run.requester_annotated = member(metadata, {"annotations", "edp.dev/requested-by"}).is_string();
  run.policy = text_of(member(metadata, {"labels", "edp.dev/policy"}));
  run.trigger = text_of(member(metadata, {"annotations", "edp.dev/trigger"}));
  run.alert = text_of(member(metadata, {"annotations", "edp.dev/alert-fingerprint"}));

  const Json& spec = member(*tree, "spec");
  run.target = target_of(member(spec, "target"));
  run.validates = text_of(member(spec, "validates"));
  run.profile = text_of(member(spec, "profile"), run.profile);
  run.collectors = texts_of(member(spec, "collectors"));
  run.duration_seconds = seconds_of(member(spec, "duration"));
  run.timeout_seconds = seconds_of(member(spec, "timeout"));
  run.gate = text_of(member(spec, "gate"));
  run.suspend = flag_of(member(spec, "suspend"));
  run.cancel = flag_of(member(spec, "cancel"));
  if (const double ttl = seconds_of(member(spec, "ttlAfterFinished"), -1); ttl >= 0 && ttl < 1e12)
    run.ttl_seconds = static_cast<int64_t>(ttl);
  run.max_parallel = std::clamp(small_of(member(spec, "maxParallel"), run.max_parallel), 1, 16);
  run.priority = text_of(member(spec, "priority"), run.priority);
  run.status = status_of(member(*tree, "status"));
  return run;
}

}  // namespace edp::watch
