#include "operator/reconcile/job.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "common/files.h"
#include "operator/reconcile/requester.h"
#include "operator/watch/dom.h"

namespace edp::reconcile {
namespace {

using watch::Json;
using watch::Reach;

constexpr size_t kMaxProfileBytes = 100'000;  // the kernel takes 128 KiB for one variable
constexpr int kUser = 65532;
constexpr const char* kTokenFolder = "/var/run/secrets/edp.dev/reports";

std::string seconds_text(double seconds) {
  std::string text = std::to_string(seconds);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + "s";
}

// The kubelet expands $(NAME) in values and arguments; "$$" stands for "$".
std::string literal(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c;
    if (c == '$') escaped += c;
  }
  return escaped;
}

std::string cpu_text(int64_t millicores) { return std::to_string(millicores) + "m"; }

Json amounts(const watch::Resources& resources) {
  return {{"cpu", cpu_text(resources.cpu)}, {"memory", std::to_string(resources.memory)}};
}

Json env(const char* name, std::string_view value) { return {{"name", name}, {"value", literal(value)}}; }

Json container_security() {
  return {{"allowPrivilegeEscalation", false},
          {"readOnlyRootFilesystem", true},
          {"runAsNonRoot", true},
          {"runAsUser", kUser},
          {"runAsGroup", kUser},
          {"capabilities", {{"drop", Json::array({"ALL"})}}},
          {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

// What every runner is started with, wherever it runs.
Json arguments(const watch::RunRecord& run, const watch::PodRecord& target, std::string_view host) {
  Json args = {"--target",      target_url(run.target, target, host),
               "--target-name", "pod:" + run.ns.str() + "/" + target.name,
               "--profile",     "env:EDP_PROFILE"};
  const auto add = [&](const char* flag, std::string value) {
    args.push_back(flag);
    args.push_back(std::move(value));
  };
  if (run.duration_seconds > 0) add("--duration", seconds_text(run.duration_seconds));
  if (run.timeout_seconds > 0) add("--timeout", seconds_text(run.timeout_seconds));
  if (!run.gate.empty()) add("--gate", run.gate);
  return args;
}

void add_audit(Json& environment, const watch::RunRecord& run, const JobSettings& settings) {
  if (!settings.audit) return;
  const audit::Context context{.actor = requester_of(run, settings.requester_checked), .why = why_of(run)};
  environment.push_back(env("EDP_AUDIT_LOG", "-"));
  environment.push_back(env("EDP_AUDIT_FOR", audit::to_text(context)));
}

void add_summary(Json& args) {
  for (const char* arg : {"--summary", "/dev/termination-log", "--exit-zero"}) args.push_back(arg);
}

Json labels_of(const watch::RunRecord& run, const watch::PodRecord& target, int32_t attempt,
               const JobSettings& settings) {
  Json labels = Json::object();
  for (const auto& [key, value] : settings.extra_labels) labels[key] = value;
  labels["app.kubernetes.io/name"] = "edp-runner";
  labels["app.kubernetes.io/managed-by"] = "edp-operator";
  labels["edp.dev/run-uid"] = run.uid;
  labels["edp.dev/target-uid"] = target.uid;
  labels["edp.dev/attempt"] = std::to_string(attempt);
  return labels;
}

Json container(const watch::RunRecord& run, const watch::ProfileRecord& profile,
               const watch::PodRecord& target, const std::string& profile_text, const JobSettings& settings) {
  Json args = arguments(run, target, {});
  for (const char* arg :
       {"--output", "/work/report.json", "--upload", "$(EDP_REPORTS_URL)", "--upload-token-file",
        "/var/run/secrets/edp.dev/reports/token", "--upload-ca", "env:EDP_REPORTS_CA"}) {
    args.push_back(arg);
  }
  add_summary(args);
  const std::string url = settings.reports_url + "/api/v1/runs/" + run.ns.str() + "/" + run.name + "/" +
                          run.uid + "/targets/" + target.uid;
  Json environment = Json::array({env("EDP_PROFILE", profile_text), env("EDP_REPORTS_URL", url),
                                  env("EDP_REPORTS_CA", settings.reports_ca)});
  add_audit(environment, run, settings);
  return {{"name", "runner"},
          {"image", settings.image},
          {"imagePullPolicy", settings.pull_policy},
          {"args", args},
          {"env", std::move(environment)},
          {"resources", {{"requests", amounts(profile.requests)}, {"limits", amounts(profile.limits)}}},
          {"securityContext", container_security()},
          {"terminationMessagePath", "/dev/termination-log"},
          {"terminationMessagePolicy", "File"},
          {"volumeMounts",
           Json::array({{{"name", "work"}, {"mountPath", "/work"}},
                        {{"name", "tmp"}, {"mountPath", "/tmp"}},
                        {{"name", "reports-token"}, {"mountPath", kTokenFolder}, {"readOnly", true}}})}};
}

Json volumes(int64_t deadline) {
  const Json token = {{"path", "token"},
                      {"audience", "edp-reports"},
                      {"expirationSeconds", std::max<int64_t>(600, deadline + 60)}};
  return Json::array({{{"name", "work"}, {"emptyDir", {{"sizeLimit", "256Mi"}}}},
                      {{"name", "tmp"}, {"emptyDir", {{"sizeLimit", "64Mi"}}}},
                      {{"name", "reports-token"},
                       {"projected", {{"sources", Json::array({{{"serviceAccountToken", token}}})}}}}});
}

Json tolerations_of(const JobSettings& settings) {
  Json tolerations = Json::parse(settings.tolerations, nullptr, /*allow_exceptions=*/false);
  return tolerations.is_array() ? tolerations : Json::array();
}

void place_on_diagnostic_nodes(Json& spec, const JobSettings& settings) {
  Json tolerations = Json::array();
  Json expressions = Json::array();
  for (const auto& [key, value] : settings.node_selector) {
    expressions.push_back({{"key", key}, {"operator", "In"}, {"values", Json::array({value})}});
    tolerations.push_back({{"key", key}, {"operator", "Exists"}});
  }
  if (!expressions.empty()) {
    const Json term = {{"matchExpressions", expressions}};
    spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"] =
        Json::array({term});
  }
  for (const Json& one : tolerations_of(settings)) tolerations.push_back(one);
  if (!tolerations.empty()) spec["tolerations"] = tolerations;
}

// To the node itself, past the scheduler's other rules, so that it is there or the run fails.
void place_on_targets_node(Json& spec, const watch::PodRecord& target) {
  spec["hostPID"] = true;
  const Json field = {
      {"key", "metadata.name"}, {"operator", "In"}, {"values", Json::array({target.node.str()})}};
  const Json term = {{"matchFields", Json::array({field})}};
  spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"] =
      Json::array({term});
  const Json everything = {{"operator", "Exists"}};
  spec["tolerations"] = Json::array({everything});
}

}  // namespace

std::string job_name(std::string_view run_uid, std::string_view target_uid, int32_t attempt) {
  const std::string of = std::string(run_uid) + "/" + std::string(target_uid);
  return "edp-" + sha256_hex(of).substr(0, 12) + "-" + std::to_string(attempt);
}

int32_t attempt_of(std::string_view name, std::string_view run_uid, std::string_view target_uid) {
  std::string_view number = name;
  number.remove_prefix(name.find_last_of('-') + 1);
  int32_t attempt = 0;
  const auto [at, error] = std::from_chars(number.data(), number.data() + number.size(), attempt);
  if (error != std::errc() || at != number.data() + number.size() || attempt < 1) return 0;
  return name == job_name(run_uid, target_uid, attempt) ? attempt : 0;
}

double effective_timeout(const watch::RunRecord& run, const watch::ProfileRecord& profile) {
  if (run.timeout_seconds > 0) return run.timeout_seconds;
  return profile.timeout_seconds > 0 ? profile.timeout_seconds : 180;
}

std::string effective_gate(const watch::RunRecord& run, const watch::ProfileRecord& profile) {
  if (!run.gate.empty()) return run.gate;
  return profile.gate.empty() ? "CRITICAL" : profile.gate;
}

Result<std::string> runner_profile(const watch::RunRecord& run, const watch::ProfileRecord& profile) {
  auto tree = watch::parse_tree(profile.diagnostic);
  if (!tree || !tree->is_object()) return fail("spec.diagnostic is no object", "profile " + profile.name);
  if (!tree->contains("name")) (*tree)["name"] = profile.name;
  if (!run.collectors.empty()) (*tree)["collectors"] = run.collectors;
  std::string text = tree->dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kMaxProfileBytes) {
    return fail("spec.diagnostic is too large: " + std::to_string(text.size()) + " bytes, at most 100 kB",
                "profile " + profile.name);
  }
  return text;
}

std::string target_url(const watch::RunTarget& target, const watch::PodRecord& pod, std::string_view host) {
  std::string scheme = target.scheme.empty() ? pod.pprof_scheme.str() : target.scheme;
  if (scheme != "https") scheme = "http";
  const std::string address(host.empty() ? std::string_view(pod.ip) : host);
  const bool v6 = address.find(':') != std::string::npos;
  const uint16_t port = target.port != 0      ? target.port
                        : pod.pprof_port != 0 ? pod.pprof_port
                                              : uint16_t{6060};
  std::string path = target.path.empty() ? pod.pprof_path.str() : target.path;
  if (!path.empty() && path.front() != '/') path.insert(0, "/");
  while (path.ends_with('/')) path.pop_back();
  return scheme + "://" + (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port) + path;
}

Result<std::string> build_job(const watch::RunRecord& run, const watch::ProfileRecord& profile,
                              const watch::PodRecord& target, int32_t attempt, const JobSettings& settings) {
  const auto profile_text = runner_profile(run, profile);
  if (!profile_text) return tl::unexpected(profile_text.error());
  const bool on_node = profile.reach == Reach::kNode;
  const std::string& ns = on_node ? settings.node_ns : settings.ns;
  const auto deadline =
      static_cast<int64_t>(std::ceil(effective_timeout(run, profile))) + settings.slack_seconds;
  const Json labels = labels_of(run, target, attempt, settings);
  const Json annotations = {{"edp.dev/run-namespace", run.ns.str()},
                            {"edp.dev/run-name", run.name},
                            {"edp.dev/target-pod", run.ns.str() + "/" + target.name},
                            {"edp.dev/target-node", target.node.str()}};

  Json spec = {{"restartPolicy", "Never"},
               {"serviceAccountName", on_node ? settings.node_service_account : settings.service_account},
               {"automountServiceAccountToken", false},
               {"enableServiceLinks", false},
               {"dnsPolicy", "ClusterFirst"},
               {"terminationGracePeriodSeconds", 5},
               {"securityContext",
                {{"runAsNonRoot", true},
                 {"runAsUser", kUser},
                 {"runAsGroup", kUser},
                 {"fsGroup", kUser},
                 {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
               {"containers", Json::array({container(run, profile, target, *profile_text, settings)})},
               {"volumes", volumes(deadline)}};
  if (!settings.priority_class.empty()) spec["priorityClassName"] = settings.priority_class;
  for (const std::string& secret : settings.pull_secrets)
    spec["imagePullSecrets"].push_back({{"name", secret}});
  if (on_node) {
    place_on_targets_node(spec, target);
  } else {
    place_on_diagnostic_nodes(spec, settings);
  }

  Json metadata = {{"name", job_name(run.uid, target.uid, attempt)},
                   {"namespace", ns},
                   {"labels", labels},
                   {"annotations", annotations}};
  if (run.ns.view() == ns) {  // an owner in another namespace would let the garbage collector delete the Job
    metadata["ownerReferences"] = Json::array({{{"apiVersion", "edp.dev/v1alpha1"},
                                                {"kind", "DiagnosticRun"},
                                                {"name", run.name},
                                                {"uid", run.uid},
                                                {"controller", true},
                                                {"blockOwnerDeletion", false}}});
  }
  const Json job = {
      {"apiVersion", "batch/v1"},
      {"kind", "Job"},
      {"metadata", metadata},
      {"spec",
       {{"backoffLimit", 0},
        {"completions", 1},
        {"parallelism", 1},
        {"podReplacementPolicy", "Failed"},
        {"activeDeadlineSeconds", deadline},
        {"ttlSecondsAfterFinished", settings.ttl_seconds},
        {"template", {{"metadata", {{"labels", labels}, {"annotations", annotations}}}, {"spec", spec}}}}}};
  return job.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> build_ephemeral_container(const watch::RunRecord& run,
                                              const watch::ProfileRecord& profile,
                                              const watch::PodRecord& target, int32_t attempt,
                                              const JobSettings& settings) {
  const auto profile_text = runner_profile(run, profile);
  if (!profile_text) return tl::unexpected(profile_text.error());
  Json args = arguments(run, target, "127.0.0.1");
  add_summary(args);
  Json environment = Json::array({env("EDP_PROFILE", *profile_text)});
  add_audit(environment, run, settings);
  const Json container = {{"name", job_name(run.uid, target.uid, attempt)},
                          {"image", settings.image},
                          {"imagePullPolicy", settings.pull_policy},
                          {"args", args},
                          {"env", std::move(environment)},
                          {"securityContext", container_security()},
                          {"terminationMessagePath", "/dev/termination-log"},
                          {"terminationMessagePolicy", "File"}};
  const Json patch = {{"spec", {{"ephemeralContainers", Json::array({container})}}}};
  return patch.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace edp::reconcile
