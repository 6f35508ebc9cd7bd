#include "operator/control/settings.h"

#include <nlohmann/json.hpp>

namespace edp::control {
namespace {

std::vector<reconcile::Toleration> tolerations_of(const std::string& text) {
  std::vector<reconcile::Toleration> tolerations;
  const nlohmann::json list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_array()) return tolerations;
  for (const auto& item : list) {
    if (!item.is_object()) continue;
    const auto word = [&](const char* key) {
      const auto found = item.find(key);
      return found != item.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    tolerations.push_back(
        {.key = word("key"), .op = word("operator"), .value = word("value"), .effect = word("effect")});
  }
  return tolerations;
}

}  // namespace

ControllerOptions controller_options(const Config& config, const std::string& identity) {
  ControllerOptions options;
  reconcile::JobSettings& job = options.runs.job;
  job.ns = config.ns;
  job.service_account = config.service_account;
  job.node_ns = config.node_namespace;
  job.node_service_account = config.node_service_account;
  job.image = config.image;
  job.pull_policy = config.image_pull_policy;
  job.pull_secrets = config.image_pull_secrets;
  job.reports_url = config.reports_url;
  job.priority_class = config.priority_class;
  job.node_key = config.node_selector.empty() ? "" : config.node_selector.begin()->first;
  job.node_value = config.node_selector.empty() ? "" : config.node_selector.begin()->second;
  job.tolerations = tolerations_of(config.tolerations_json);
  options.runs.allow_ephemeral = config.ephemeral_container;
  options.runs.allow_node = config.node;
  options.ledger.ns = config.ns;
  options.ledger.cap_without_quota = config.max_jobs_without_quota;
  options.system_namespaces = {config.ns, config.node_namespace};
  options.identity = identity;
  return options;
}

}  // namespace edp::control
