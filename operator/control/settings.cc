#include "operator/control/settings.h"

namespace edp::control {
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
  job.node_selector = config.node_selector;
  job.tolerations = config.tolerations_json;
  job.audit = config.audits();
  job.requester_checked = config.requester_checked;
  if (config.ephemeral_container) {
    options.runs.ephemeral_namespaces = {config.ephemeral_container_namespaces.begin(),
                                         config.ephemeral_container_namespaces.end()};
  }
  options.runs.allow_node = config.node;
  options.ledger.ns = config.ns;
  options.ledger.cap_without_quota = config.max_jobs_without_quota;
  options.system_namespaces = {config.ns, config.node_namespace};
  options.identity = identity;
  return options;
}

}  // namespace edp::control
