// The operator's configuration file: YAML, rendered by the chart (charts/edp/templates/config.yaml). Every
// key has a default; an unknown one is an error that names its line.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/result.h"

namespace edp::control {

// Where CRITICAL findings become tickets. Files are of mounted Secrets.
struct TicketConfig {
  std::string kind = "none";  // or jira, webhook, alertmanager
  std::string url, ca_file, cluster;
  std::string token_file, user_file, password_file;         // a bearer token, or user and password
  std::string hmac_file;                                    // of a webhook
  std::string proxy, proxy_user_file, proxy_password_file;  // http://host:port on the way; empty: none
  int api_version = 2;                                      // of Jira, as all that follow
  std::string project, issue_type = "Bug";
  std::map<std::string, std::string> priorities;
  std::vector<std::string> labels;
  std::string signing_key_file;  // Ed25519, PEM: signs validations
  std::chrono::seconds update_interval{3600}, poll_interval{20}, search_settle{60}, credentials_retry{60};
};

struct Config {
  std::string ns = "diagnostic-system";  // where runner Jobs, the quota and the lease are
  std::string log_level = "info";        // debug, info, warning, error
  std::string log_format = "auto";       // auto, json, text

  std::string lease = "edp-operator";
  std::chrono::milliseconds lease_duration{15'000}, renew_deadline{10'000}, retry_period{2'000};

  std::string ops_listen = "127.0.0.1:8080";  // /healthz /readyz /metrics

  // Runner Jobs.
  std::string image = "edp";
  std::string image_pull_policy = "IfNotPresent";
  std::vector<std::string> image_pull_secrets;
  std::string service_account = "edp-runner";
  std::string priority_class;
  std::map<std::string, std::string> node_selector;
  std::string tolerations_json = "[]";  // as in a pod's spec
  int max_jobs_without_quota = 16;

  // Ways to reach a target beside the network (K4).
  bool ephemeral_container = false;
  std::vector<std::string> ephemeral_container_namespaces;
  bool node = false;
  std::string node_namespace = "diagnostic-node";
  std::string node_service_account = "edp-runner-node";

  bool probe = true;
  int probe_sockets = 256;

  // The report service; an empty listen address: none.
  std::string reports_listen = "127.0.0.1:8443";
  std::string reports_url = "https://127.0.0.1:8443";  // as runners and people see it
  std::string reports_server_name = "localhost";       // that the certificate has
  std::string reports_certificate, reports_key, reports_ca;
  std::string reports_spool = "/var/lib/edp/spool";
  std::chrono::seconds reports_retention{90 * 86'400};
  uint64_t reports_max_bytes = uint64_t{64} << 20;
  std::string store_type = "volume";  // or s3
  std::string store_path = "/var/lib/edp/reports";
  uint64_t store_reserve = uint64_t{32} << 20;
  std::string s3_endpoint, s3_region = "us-east-1", s3_bucket, s3_prefix;
  std::string s3_access_key_file, s3_secret_key_file, s3_session_token_file, s3_ca_file;

  std::string alerts_token_file;

  // The audit: a stream a replica in this folder (empty: none on a disk), and tagged on standard output.
  std::string audit_folder;
  bool audit_stdout = false;
  std::string audit_key_file;  // signs its heads; empty: they are not signed
  std::chrono::seconds audit_retention{90 * 86'400};
  uint64_t audit_max_bytes = uint64_t{64} << 20;
  // An admission policy sees to it that edp.dev/requested-by tells who made a run.
  bool requester_checked = false;
  [[nodiscard]] bool audits() const { return !audit_folder.empty() || audit_stdout; }

  TicketConfig tickets;
};

// Collects every fault before it gives up. `where` names the text in errors.
Result<Config> parse_config(const std::string& yaml, const std::string& where);

struct Address {
  std::string host;
  uint16_t port = 0;
};
// "0.0.0.0:8443", "[::]:8080".
Result<Address> parse_address(const std::string& text);

}  // namespace edp::control
