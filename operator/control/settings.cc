#include "operator/control/settings.h"

#include <algorithm>

namespace edp::control {

tickets::TrackerOptions tracker_options(const Config& config) {
  const TicketConfig& from = config.tickets;
  tickets::TrackerOptions options{.url = from.url,
                                  .ca_file = from.ca_file,
                                  .token_file = from.token_file,
                                  .user_file = from.user_file,
                                  .password_file = from.password_file,
                                  .hmac_file = from.hmac_file,
                                  .proxy = from.proxy,
                                  .proxy_user_file = from.proxy_user_file,
                                  .proxy_password_file = from.proxy_password_file,
                                  .api_version = from.api_version,
                                  .project = from.project,
                                  .issue_type = from.issue_type,
                                  .priorities = from.priorities,
                                  .labels = from.labels,
                                  .cluster = from.cluster};
  if (from.kind == "jira") options.kind = tickets::Kind::kJira;
  if (from.kind == "webhook") options.kind = tickets::Kind::kWebhook;
  if (from.kind == "alertmanager") options.kind = tickets::Kind::kAlertmanager;
  return options;
}

tickets::WorkerOptions worker_options(const Config& config, const std::string& identity) {
  const TicketConfig& from = config.tickets;
  return {.rules = {.update_interval = from.update_interval.count(),
                    .settle = from.search_settle.count(),
                    .refused_base = from.credentials_retry.count(),
                    .cluster = from.cluster},
          .poll = from.poll_interval.count(),
          .list = std::min<int64_t>(15, from.poll_interval.count()),
          .key_file = from.signing_key_file,
          .instance = identity};
}

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
