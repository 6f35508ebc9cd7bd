// The kinds of which there are few: profiles, policies, quotas.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "operator/watch/dom.h"
#include "operator/watch/meta.h"
#include "operator/watch/readers.h"

namespace edp::watch {
namespace {

template <typename T>
bool read_identity(const Json& tree, T& record) {
  const Json& metadata = member(tree, "metadata");
  record.name = text_of(member(metadata, "name"));
  record.uid = text_of(member(metadata, "uid"));
  record.version = Meta::numeric_version(text_of(member(metadata, "resourceVersion")));
  if constexpr (requires { record.ns; }) record.ns = Symbol(text_of(member(metadata, "namespace")));
  return !record.name.empty();
}

Resources resources_of(const Json& value, Resources otherwise) {
  return {cpu_of(member(value, "cpu")).value_or(otherwise.cpu),
          bytes_of(member(value, "memory")).value_or(otherwise.memory)};
}

// Bounded, so that sums with it don't overflow.
int64_t whole_seconds(const Json& value, int64_t otherwise) {
  const double seconds = seconds_of(value, static_cast<double>(otherwise));
  return static_cast<int64_t>(std::min(seconds, 1e12));
}

}  // namespace

Result<ProfileRecord> read_profile(std::string_view json) {
  auto tree = parse_tree(json);
  if (!tree) return tl::unexpected(tree.error());
  ProfileRecord profile;
  if (!read_identity(*tree, profile)) return fail("a profile without a name");
  profile.generation = number_of(member(*tree, {"metadata", "generation"}));
  const Json& spec = member(*tree, "spec");
  const std::string reach = text_of(member(spec, "reach"));
  profile.reach = reach == "EphemeralContainer" ? Reach::kEphemeralContainer
                  : reach == "Node"             ? Reach::kNode
                                                : Reach::kNetwork;
  profile.requests = resources_of(member(spec, {"resources", "requests"}), profile.requests);
  profile.limits = resources_of(member(spec, {"resources", "limits"}), profile.limits);
  profile.max_attempts = std::clamp(small_of(member(spec, "maxAttempts"), profile.max_attempts), 1, 10);

  Json diagnostic = member(spec, "diagnostic");
  if (!diagnostic.is_object()) diagnostic = Json::object();
  profile.duration_seconds = seconds_of(member(diagnostic, "duration"));
  profile.timeout_seconds = seconds_of(member(diagnostic, "timeout"));
  profile.gate = text_of(member(diagnostic, "gate"));
  try {
    diagnostic["name"] = profile.name;
    profile.diagnostic = diagnostic.dump(-1, ' ', false, Json::error_handler_t::replace);
  } catch (const std::exception& error) {
    return fail(error.what());
  }
  return profile;
}

Result<PolicyRecord> read_policy(std::string_view json) {
  const auto tree = parse_tree(json);
  if (!tree) return tl::unexpected(tree.error());
  PolicyRecord policy;
  if (!read_identity(*tree, policy)) return fail("a policy without a name");
  policy.generation = number_of(member(*tree, {"metadata", "generation"}));
  const Json& spec = member(*tree, "spec");
  policy.namespaces = texts_of(member(spec, "namespaces"));
  policy.pods = selector_of(member(spec, "pods"));
  policy.profile = text_of(member(spec, "profile"), policy.profile);
  policy.cooldown_seconds = whole_seconds(member(spec, "cooldown"), policy.cooldown_seconds);
  policy.schedule = text_of(member(spec, {"schedule", "cron"}));
  policy.time_zone = text_of(member(spec, {"schedule", "timeZone"}));
  const Json& triggers = member(spec, "triggers");
  policy.on_rollout = flag_of(member(triggers, "rollout"));
  policy.on_restart = flag_of(member(triggers, "restart"));
  policy.on_oom_killed = flag_of(member(triggers, "oomKilled"));
  policy.on_breach = flag_of(member(triggers, "breach"));
  policy.on_alert = flag_of(member(triggers, "alert"));
  policy.max_per_node = std::max(1, small_of(member(spec, "maxPerNode"), policy.max_per_node));
  policy.max_targets = std::max(1, small_of(member(spec, "maxTargets"), policy.max_targets));
  policy.canary = flag_of(member(spec, "canary"));
  const Json& probe = member(spec, "probe");
  policy.probe = flag_of(member(probe, "enabled"), policy.probe);
  policy.probe_interval_seconds =
      std::max<int64_t>(1, whole_seconds(member(probe, "interval"), policy.probe_interval_seconds));
  if (const Json& latency = member(probe, "latencyMs"); latency.is_number())
    policy.breach_latency_ms = latency.get<double>();
  policy.breach_failures = std::max(1, small_of(member(probe, "failures"), policy.breach_failures));
  policy.keep_runs_seconds = whole_seconds(member(spec, "keepRuns"), policy.keep_runs_seconds);
  policy.suspend = flag_of(member(spec, "suspend"));
  policy.last_schedule = parse_time(text_of(member(*tree, {"status", "lastScheduleTime"})));
  return policy;
}

Result<QuotaRecord> read_quota(std::string_view json) {
  const auto tree = parse_tree(json);
  if (!tree) return tl::unexpected(tree.error());
  QuotaRecord quota;
  if (!read_identity(*tree, quota)) return fail("a quota without a name");
  const auto amounts = [](const Json& from, std::map<std::string, int64_t, std::less<>>& into) {
    if (!from.is_object()) return;
    for (const auto& [key, value] : from.items()) {
      const bool cpu = key == "cpu" || key == "requests.cpu" || key == "limits.cpu";
      if (const auto amount = cpu ? cpu_of(value) : bytes_of(value)) into[key] = *amount;
    }
  };
  // What the quota controller has taken note of; a new quota's spec until it has.
  const Json& noted = member(*tree, {"status", "hard"});
  amounts(noted.is_object() && !noted.empty() ? noted : member(*tree, {"spec", "hard"}), quota.hard);
  amounts(member(*tree, {"status", "used"}), quota.used);
  return quota;
}

}  // namespace edp::watch
