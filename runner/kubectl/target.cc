#include "runner/kubectl/target.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "common/http_url.h"
#include "runner/config/quantity.h"
#include "runner/kubectl/selector.h"

namespace edp::kubectl {
namespace {

struct Kind {
  std::string_view kind;  // empty: a pod
  std::array<std::string_view, 4> names;
};
constexpr std::array<Kind, 5> kKinds{
    {{"", {"pod", "pods", "po", ""}},
     {"Deployment", {"deploy", "deployment", "deployments", "deployment.apps"}},
     {"StatefulSet", {"sts", "statefulset", "statefulsets", "statefulset.apps"}},
     {"DaemonSet", {"ds", "daemonset", "daemonsets", "daemonset.apps"}},
     {"ReplicaSet", {"rs", "replicaset", "replicasets", "replicaset.apps"}}}};

const Kind* find_kind(std::string_view name) {
  const auto* found = std::ranges::find_if(
      kKinds, [&](const Kind& kind) { return !name.empty() && std::ranges::count(kind.names, name) > 0; });
  return found == kKinds.end() ? nullptr : found;
}

// A DNS-1123 subdomain, as names of pods and workloads are.
bool is_name(std::string_view text) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (text.empty() || text.size() > 253 || !plain(text.front()) || !plain(text.back())) return false;
  return std::ranges::all_of(text, [&](char c) { return plain(c) || c == '-' || c == '.'; });
}

Result<ClusterTarget> named(const Kind& kind, std::string_view short_kind, std::string_view name,
                            std::string_view whole) {
  if (!is_name(name))
    return fail("'" + http::one_line(name, 100) + "' is no name of an object", http::one_line(whole));
  ClusterTarget target{.shown = std::string(short_kind) + "/" + std::string(name),
                       .short_name = std::string(name),
                       .is_pod = kind.kind.empty()};
  if (target.is_pod) {
    target.target = {{"pod", name}};
  } else {
    target.target = {{"workload", {{"kind", kind.kind}, {"name", name}}}};
  }
  return target;
}

}  // namespace

Result<ClusterTarget> parse_resource(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return fail("name the kind too: pod/NAME, deploy/NAME, sts/NAME, ds/NAME or rs/NAME",
                http::one_line(text));
  }
  const Kind* kind = find_kind(text.substr(0, slash));
  if (kind == nullptr) {
    return fail("'" + http::one_line(text.substr(0, slash), 60) +
                    "' can't be diagnosed; these can: pod, deploy, sts, ds, rs",
                http::one_line(text));
  }
  return named(*kind, kind->names[0], text.substr(slash + 1), text);
}

Result<ClusterTarget> parse_selector(std::string_view text) {
  auto selector = selector_json(text);
  if (!selector) return tl::unexpected(selector.error());
  ClusterTarget target{.shown = "pods with " + http::one_line(text), .short_name = "pods"};
  target.target = {{"selector", std::move(*selector)}};
  return target;
}

std::optional<Result<ClusterTarget>> parse_cluster_target(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view prefix = text.substr(0, colon);
  const Kind* kind = find_kind(prefix);
  if (kind == nullptr && prefix != "selector") return std::nullopt;
  const std::string_view rest = text.substr(colon + 1);
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos || !is_name(rest.substr(0, slash))) {
    return fail("write it as " + std::string(prefix) + ":NAMESPACE/" + (kind == nullptr ? "LABELS" : "NAME"),
                http::one_line(text));
  }
  auto target = kind == nullptr ? parse_selector(rest.substr(slash + 1))
                                : named(*kind, kind->names[0], rest.substr(slash + 1), text);
  if (target) target->ns = std::string(rest.substr(0, slash));
  return target;
}

ClusterTarget all_enabled() {
  ClusterTarget target{.shown = "all pods with edp-enabled=true", .short_name = "pods"};
  target.target = {{"selector", {{"matchLabels", {{"edp-enabled", "true"}}}}}};
  return target;
}

Result<std::string> crd_duration(std::string_view text) {
  const auto seconds = config::parse_seconds(text);
  if (!seconds) return tl::unexpected(seconds.error());
  const auto whole = static_cast<int64_t>(std::ceil(*seconds));
  if (whole < 1 || whole > 999'999)
    return fail("must be at least a second and at most 11 days", std::string(text));
  return std::to_string(whole) + "s";
}

Json run_object(const ClusterTarget& target, const std::string& ns, const RunOptions& options) {
  Json spec = {{"target", target.target}};
  const auto set = [&](const char* key, const std::string& value) {
    if (!value.empty()) spec[key] = value;
  };
  set("profile", options.profile);
  if (!options.collectors.empty()) spec["collectors"] = options.collectors;
  set("duration", options.duration);
  set("timeout", options.timeout);
  set("gate", options.gate);
  set("priority", options.priority);
  set("ttlAfterFinished", options.ttl);
  if (options.max_parallel > 0) spec["maxParallel"] = options.max_parallel;
  // The apiserver adds five characters; with room to spare for what is named after the run.
  std::string start = target.short_name.substr(0, 40);
  while (!start.empty() && (start.back() == '-' || start.back() == '.')) start.pop_back();
  return {{"apiVersion", "edp.dev/v1alpha1"},
          {"kind", "DiagnosticRun"},
          {"metadata", {{"generateName", start + "-"}, {"namespace", ns}}},
          {"spec", std::move(spec)}};
}

}  // namespace edp::kubectl
