#include "operator/control/config.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <functional>
#include <string_view>
#include <utility>

#include "operator/watch/readers.h"

namespace edp::control {
namespace {

using Setter = std::function<void(const YAML::Node&)>;
using Keys = std::vector<std::pair<std::string_view, Setter>>;

class Reader {
 public:
  explicit Reader(Config& config) : config_(config) {}

  void read(const YAML::Node& root) {
    section(root, {{"namespace", text(config_.ns)},
                   {"log", map({{"level", text(config_.log_level)}, {"format", text(config_.log_format)}})},
                   {"leader", map({{"lease", text(config_.lease)},
                                   {"leaseDuration", duration(config_.lease_duration)},
                                   {"renewDeadline", duration(config_.renew_deadline)},
                                   {"retryPeriod", duration(config_.retry_period)}})},
                   {"http", map({{"listen", text(config_.ops_listen)}})},
                   {"runner", runner()},
                   {"reach", reach()},
                   {"probe",
                    map({{"enabled", flag(config_.probe)}, {"maxSockets", number(config_.probe_sockets)}})},
                   {"reports", reports()},
                   {"alerts", map({{"tokenFile", text(config_.alerts_token_file)}})},
                   {"audit", map({{"folder", text(config_.audit_folder)},
                                  {"stdout", flag(config_.audit_stdout)},
                                  {"keyFile", text(config_.audit_key_file)},
                                  {"retention", duration(config_.audit_retention)},
                                  {"maxBytes", number(config_.audit_max_bytes)},
                                  {"requesterChecked", flag(config_.requester_checked)}})},
                   {"tickets", tickets()}});
  }

  [[nodiscard]] const std::string& faults() const { return faults_; }

 private:
  void note(const YAML::Node& node, const std::string& what) {
    if (!faults_.empty()) faults_ += "; ";
    faults_ += "line " + std::to_string(node.Mark().line + 1) + ": " + what;
  }

  void section(const YAML::Node& node, const Keys& keys) {
    if (node.IsNull()) return;
    if (!node.IsMap()) return note(node, "a map of keys is expected here");
    for (const auto& entry : node) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
      bool known = false;
      for (const auto& [name, set] : keys) {
        if (name != key) continue;
        known = true;
        set(entry.second);
      }
      if (!known) note(entry.first, "unknown key '" + key + "'");
    }
  }

  Setter map(Keys keys) {
    return [this, keys = std::move(keys)](const YAML::Node& node) { section(node, keys); };
  }
  Setter text(std::string& into) {
    return [this, &into](const YAML::Node& node) {
      if (node.IsScalar()) {
        into = node.Scalar();
      } else if (!node.IsNull()) {
        note(node, "text is expected here");
      }
    };
  }
  Setter texts(std::vector<std::string>& into) {
    return [this, &into](const YAML::Node& node) {
      if (!node.IsSequence() && !node.IsNull()) return note(node, "a list is expected here");
      into.clear();
      for (const auto& item : node) {
        if (item.IsScalar()) into.push_back(item.Scalar());
      }
    };
  }
  Setter flag(bool& into) {
    return [this, &into](const YAML::Node& node) {
      const std::string word = node.IsScalar() ? node.Scalar() : "";
      if (word != "true" && word != "false") return note(node, "true or false is expected here");
      into = word == "true";
    };
  }
  template <typename Number>
  Setter number(Number& into) {
    return [this, &into](const YAML::Node& node) {
      const std::string word = node.IsScalar() ? node.Scalar() : "";
      Number value{};
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
      if (error != std::errc() || end != word.data() + word.size() || word.starts_with('-')) {
        return note(node, "a whole number is expected here");
      }
      into = value;
    };
  }
  template <typename Duration>
  Setter duration(Duration& into) {
    return [this, &into](const YAML::Node& node) {
      const auto seconds = watch::parse_duration(node.IsScalar() ? node.Scalar() : "");
      if (!seconds || *seconds <= 0) return note(node, "a duration such as 15s or 2h is expected here");
      into = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*seconds));
    };
  }
  Setter runner() {
    return map({{"image", text(config_.image)},
                {"imagePullPolicy", text(config_.image_pull_policy)},
                {"imagePullSecrets", texts(config_.image_pull_secrets)},
                {"serviceAccount", text(config_.service_account)},
                {"priorityClassName", text(config_.priority_class)},
                {"nodeSelector", names(config_.node_selector)},
                {"tolerations", flow_text(config_.tolerations_json)},
                {"maxJobsWithoutQuota", number(config_.max_jobs_without_quota)}});
  }
  Setter names(std::map<std::string, std::string>& into) {
    return [this, &into](const YAML::Node& node) {
      if (!node.IsMap() && !node.IsNull()) return note(node, "a map of names is expected here");
      into.clear();
      for (const auto& entry : node) {
        if (entry.first.IsScalar() && entry.second.IsScalar())
          into[entry.first.Scalar()] = entry.second.Scalar();
      }
    };
  }
  Setter tickets() {
    TicketConfig& of = config_.tickets;
    return map({{"kind", text(of.kind)},
                {"url", text(of.url)},
                {"caFile", text(of.ca_file)},
                {"cluster", text(of.cluster)},
                {"tokenFile", text(of.token_file)},
                {"userFile", text(of.user_file)},
                {"passwordFile", text(of.password_file)},
                {"hmacFile", text(of.hmac_file)},
                {"proxy", text(of.proxy)},
                {"proxyUserFile", text(of.proxy_user_file)},
                {"proxyPasswordFile", text(of.proxy_password_file)},
                {"apiVersion", number(of.api_version)},
                {"project", text(of.project)},
                {"issueType", text(of.issue_type)},
                {"priorities", names(of.priorities)},
                {"labels", texts(of.labels)},
                {"signingKeyFile", text(of.signing_key_file)},
                {"updateInterval", duration(of.update_interval)},
                {"pollInterval", duration(of.poll_interval)},
                {"searchSettle", duration(of.search_settle)},
                {"credentialsRetry", duration(of.credentials_retry)}});
  }
  // Kept as it is, in the form of JSON.
  Setter flow_text(std::string& into) {
    return [this, &into](const YAML::Node& node) {
      if (!node.IsSequence() && !node.IsNull()) return note(node, "a list is expected here");
      YAML::Emitter emitter;
      emitter << YAML::Flow << YAML::DoubleQuoted << node;
      into = node.IsNull() ? "[]" : emitter.c_str();
    };
  }
  Setter reach() {
    return map({{"ephemeralContainer", map({{"enabled", flag(config_.ephemeral_container)},
                                            {"namespaces", texts(config_.ephemeral_container_namespaces)}})},
                {"node", map({{"enabled", flag(config_.node)},
                              {"namespace", text(config_.node_namespace)},
                              {"serviceAccount", text(config_.node_service_account)}})}});
  }
  Setter reports() {
    return map({{"url", text(config_.reports_url)},
                {"listen", text(config_.reports_listen)},
                {"serverName", text(config_.reports_server_name)},
                {"certFile", text(config_.reports_certificate)},
                {"keyFile", text(config_.reports_key)},
                {"caFile", text(config_.reports_ca)},
                {"spoolDir", text(config_.reports_spool)},
                {"retention", duration(config_.reports_retention)},
                {"maxBytes", number(config_.reports_max_bytes)},
                {"store", map({{"type", text(config_.store_type)},
                               {"path", text(config_.store_path)},
                               {"reserveBytes", number(config_.store_reserve)},
                               {"endpoint", text(config_.s3_endpoint)},
                               {"region", text(config_.s3_region)},
                               {"bucket", text(config_.s3_bucket)},
                               {"prefix", text(config_.s3_prefix)},
                               {"accessKeyFile", text(config_.s3_access_key_file)},
                               {"secretKeyFile", text(config_.s3_secret_key_file)},
                               {"sessionTokenFile", text(config_.s3_session_token_file)},
                               {"caFile", text(config_.s3_ca_file)}})}});
  }

  Config& config_;
  std::string faults_;
};

}  // namespace

Result<Config> parse_config(const std::string& yaml, const std::string& where) {
  Config config;
  Reader reader(config);
  try {
    reader.read(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    return fail(error.what(), where);
  }
  if (!reader.faults().empty()) return fail(reader.faults(), where);
  if (config.store_type != "volume" && config.store_type != "s3") {
    return fail("reports.store.type is volume or s3, not '" + config.store_type + "'", where);
  }
  const std::string& kind = config.tickets.kind;
  if (kind != "none" && kind != "jira" && kind != "webhook" && kind != "alertmanager") {
    return fail("tickets.kind is none, jira, webhook or alertmanager, not '" + kind + "'", where);
  }
  for (const std::string* address : {&config.ops_listen, &config.reports_listen}) {
    if (address->empty()) continue;
    if (const auto good = parse_address(*address); !good) return tl::unexpected(good.error().at(where));
  }
  return config;
}

Result<Address> parse_address(const std::string& text) {
  const size_t colon = text.rfind(':');
  uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto read = colon == std::string::npos
                        ? std::from_chars_result{text.data(), std::errc::invalid_argument}
                        : std::from_chars(text.data() + colon + 1, end, port);
  if (read.ec != std::errc() || read.ptr != end) {
    return fail("'" + text + "' is no address to listen on, such as 0.0.0.0:8443");
  }
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return Address{host.empty() ? "0.0.0.0" : host, port};
}

}  // namespace edp::control
