#include "operator/control/report_server.h"

#include <ctime>
#include <filesystem>
#include <utility>

#include "common/http_server.h"
#include "operator/publish/log.h"
#include "operator/serve/ops.h"
#include "operator/serve/s3_store.h"
#include "operator/serve/volume_store.h"

namespace edp::control {
namespace {

namespace log = publish::log;

Result<std::unique_ptr<serve::ReportStore>> open_store(const Config& config, const CancelToken& stop) {
  if (config.store_type == "s3") {
    return serve::open_s3_store({.endpoint = config.s3_endpoint,
                                 .region = config.s3_region,
                                 .bucket = config.s3_bucket,
                                 .prefix = config.s3_prefix,
                                 .access_key_file = config.s3_access_key_file,
                                 .secret_key_file = config.s3_secret_key_file,
                                 .session_token_file = config.s3_session_token_file,
                                 .ca_file = config.s3_ca_file,
                                 .spool_dir = config.reports_spool,
                                 .stop = stop});
  }
  return serve::open_volume_store({.root = config.store_path, .reserve_bytes = config.store_reserve});
}

std::map<std::string, std::string> runners_of(const Config& config) {
  const auto user = [](const std::string& ns, const std::string& account) {
    return "system:serviceaccount:" + ns + ":" + account;
  };
  std::map<std::string, std::string> runners = {{user(config.ns, config.service_account), config.ns}};
  if (config.node) runners[user(config.node_namespace, config.node_service_account)] = config.node_namespace;
  return runners;
}

void note(publish::Metrics& metrics, const serve::ServeEvent& event) {
  using Kind = serve::ServeEvent::Kind;
  switch (event.kind) {
    case Kind::kStored:
      metrics.report_stored();
      break;
    case Kind::kUploadRefused:
      metrics.report_rejected(event.reason);
      break;
    case Kind::kDiskFull:
    case Kind::kFailed:
      metrics.report_store_error(event.reason);
      break;
    case Kind::kServed:
    case Kind::kDenied:
    case Kind::kUnavailable:
      break;
  }
  const bool bad = event.kind == Kind::kDiskFull || event.kind == Kind::kFailed;
  log::write(bad ? log::Level::kError : log::Level::kInfo, "report request",
             {{"status", event.status},
              {"reason", event.reason},
              {"user", event.user},
              {"peer", event.peer},
              {"run", event.ns + "/" + event.name},
              {"file", event.file},
              {"digest", event.digest},
              {"bytes", event.bytes},
              {"detail", event.detail}});
}

}  // namespace

struct Servers::Impl {
  const Config config;
  publish::Metrics& metrics;
  CancelToken stop_store;
  std::unique_ptr<serve::ReportStore> store;
  std::unique_ptr<serve::Forwarder> forwarder;
  std::unique_ptr<serve::ReportService> service;
  std::unique_ptr<http::Server> reports, ops;
};

Servers::Servers(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Servers::~Servers() { stop(); }

Result<std::unique_ptr<Servers>> Servers::start(const Config& config, kube::Api& api,
                                                serve::RunnerDirectory& runners, publish::Metrics& metrics,
                                                publish::Health& health, const ServerHooks& hooks) {
  auto impl = std::unique_ptr<Impl>(new Impl{.config = config, .metrics = metrics});
  const auto server_log = [](std::string_view line) { log::warning(line); };

  if (!config.reports_listen.empty()) {
    const auto address = parse_address(config.reports_listen);
    if (!address) return tl::unexpected(address.error());
    std::error_code error;
    std::filesystem::create_directories(config.reports_spool, error);
    if (error) return fail("cannot be made: " + error.message(), config.reports_spool);
    auto store = open_store(config, impl->stop_store);
    if (!store) return tl::unexpected(store.error());
    impl->store = std::move(*store);
    const bool tls = !config.reports_certificate.empty();
    impl->forwarder =
        std::make_unique<serve::Forwarder>(serve::ForwarderOptions{.is_leader = hooks.is_leader,
                                                                   .leader = hooks.leader,
                                                                   .tls = tls,
                                                                   .ca_file = config.reports_ca,
                                                                   .server_name = config.reports_server_name,
                                                                   .spool_dir = config.reports_spool,
                                                                   .max_bytes = config.reports_max_bytes});
    // A volume is the leader's alone; a bucket serves every replica.
    serve::Forwarder* const to_leader = config.store_type == "volume" ? impl->forwarder.get() : nullptr;
    serve::ReportServiceOptions options{
        .max_json_bytes = config.reports_max_bytes,
        .max_html_bytes = config.reports_max_bytes,
        .runners = runners_of(config),
        .journal = hooks.journal,
        .on_event = [&metrics](const serve::ServeEvent& event) { note(metrics, event); }};
    impl->service =
        std::make_unique<serve::ReportService>(api, *impl->store, runners, to_leader, std::move(options));
    impl->reports =
        std::make_unique<http::Server>(http::ServerOptions{.address = address->host,
                                                           .port = address->port,
                                                           .certificate_file = config.reports_certificate,
                                                           .key_file = config.reports_key,
                                                           .log = server_log});
    impl->service->add_routes(*impl->reports);
    serve::add_alert_route(
        *impl->reports,
        {.token_file = config.alerts_token_file, .journal = hooks.journal, .on_alerts = hooks.on_alerts},
        impl->forwarder.get());
    if (const auto started = impl->reports->start(); !started) {
      return tl::unexpected(started.error().at(config.reports_listen));
    }
  }
  if (!config.ops_listen.empty()) {
    const auto address = parse_address(config.ops_listen);
    if (!address) return tl::unexpected(address.error());
    impl->ops = std::make_unique<http::Server>(http::ServerOptions{
        .address = address->host, .port = address->port, .workers = 4, .log = server_log});
    const auto complaint = [](const publish::Health::Verdict& verdict) {
      return verdict.ok ? std::string() : verdict.text;
    };
    serve::add_ops_routes(*impl->ops,
                          {.unhealthy = [&health, complaint] { return complaint(health.healthz()); },
                           .unready = [&health, complaint] { return complaint(health.readyz()); },
                           .metrics = [&metrics] { return metrics.exposition(); }});
    if (const auto started = impl->ops->start(); !started) {
      return tl::unexpected(started.error().at(config.ops_listen));
    }
  }
  return std::unique_ptr<Servers>(new Servers(std::move(impl)));
}

serve::ReportStore* Servers::store() { return impl_->store.get(); }

void Servers::sweep(const CancelToken& cancel) {
  if (!impl_->store) return;
  const auto swept = impl_->store->sweep(std::time(nullptr), impl_->config.reports_retention, cancel);
  if (!swept) {
    impl_->metrics.report_store_error("Sweep");
    log::error("old reports could not be removed", {{"problem", swept.error().error.to_string()}});
  } else if (swept->reports_removed > 0) {
    log::info("old reports removed", {{"reports", swept->reports_removed}, {"bytes", swept->bytes_removed}});
  }
}

void Servers::measure() {
  if (!impl_->store) return;
  const serve::StoreUsage usage = impl_->store->usage();
  impl_->metrics.set_report_store(usage.bytes, usage.free_bytes);
}

void Servers::stop() {
  impl_->stop_store.cancel();
  if (impl_->reports) impl_->reports->stop();
  if (impl_->ops) impl_->ops->stop();
}

}  // namespace edp::control
