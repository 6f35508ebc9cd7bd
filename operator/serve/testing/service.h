// For tests: a report service on a socket of its own, with a volume, and an apiserver that knows a few
// people.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/http_server.h"
#include "common/http_session.h"
#include "common/mutex.h"
#include "common/testing/temp_dir.h"
#include "common/testing/tls_identity.h"
#include "operator/serve/report_service.h"
#include "operator/serve/testing/fake_api.h"
#include "operator/serve/testing/keys.h"
#include "operator/serve/volume_store.h"

namespace edp::serve::testing {

inline constexpr const char* kRunner = "system:serviceaccount:diagnostic-system:edp-runner";
inline constexpr const char* kAudience = "https://kubernetes.default.svc";

class Runners final : public RunnerDirectory {
 public:
  std::optional<RunnerIdentity> find(const std::string& ns, const std::string& name,
                                     const std::string& pod_uid) override {
    const MutexLock lock(mutex_);
    const auto it = known_.find(ns + "/" + name + "/" + pod_uid);
    return it == known_.end() ? std::nullopt : std::optional(it->second);
  }
  bool ready() override { return is_ready; }
  void add(const std::string& pod, const std::string& pod_uid, RunnerIdentity whose) {
    const MutexLock lock(mutex_);
    known_["diagnostic-system/" + pod + "/" + pod_uid] = std::move(whose);
  }
  std::atomic<bool> is_ready{true};

 private:
  Mutex mutex_;
  std::map<std::string, RunnerIdentity> known_ EDP_GUARDED_BY(mutex_);
};

struct Got {
  int status = 0;
  std::string body;
  std::map<std::string, std::string> headers;  // lower case
};

// Over the wire, with the product's own client.
inline Got ask(http::SessionPool& pool, http::Message message) {
  Got got;
  message.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  message.on_head = [&](const http::Head& head) {
    got.status = head.status;
    for (auto [name, value] : head.headers) {
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      got.headers[name] = value;
    }
    return true;
  };
  message.on_body = [&](std::string_view bytes) {
    got.body += bytes;
    return true;
  };
  const auto outcome = pool.exchange(message, {});
  if (outcome.failure) got.status = -1, got.body = outcome.failure->message;
  return got;
}

class Service {
 public:
  explicit Service(const std::function<void(ReportServiceOptions&)>& change = {},
                   Forwarder* forwarder = nullptr, std::shared_ptr<edp::testing::TlsIdentity> with = nullptr)
      : identity(with != nullptr ? std::move(with) : std::make_shared<edp::testing::TlsIdentity>()) {
    store = std::move(*open_volume_store({dir.path().string() + "/reports", 0}));
    runner_token("runner-1", 1);
    api.add("alice", {"alice", "u", {"dev"}, {kAudience}, {}});
    api.add("bob", {"bob", "u", {}, {kAudience}, {}});
    api.grant("alice shop/why-slow");
    ReportServiceOptions options;
    options.max_json_bytes = options.max_html_bytes = 1'000'000;
    options.on_event = [this](const ServeEvent& event) {
      const MutexLock lock(mutex_);
      events_.push_back(event);
    };
    if (change) change(options);
    service = std::make_unique<ReportService>(api, *store, runners, forwarder, std::move(options));
    http::ServerOptions server_options;
    server_options.certificate_file = dir.write("tls.crt", identity->certificate_pem());
    server_options.key_file = dir.write("tls.key", identity->key_pem());
    server_options.gap_timeout = std::chrono::milliseconds(1500);
    server = std::make_unique<http::Server>(std::move(server_options));
    service->add_routes(*server);
    if (const auto started = server->start(); !started) std::abort();
    pool = client();
  }
  // Handlers tell events_ what they did until the server has stopped.
  ~Service() { server->stop(); }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  // A token of the runner pod number `pod`, which diagnoses target `pod` of run 1.
  void runner_token(const std::string& token, int pod, int attempt = 1) {
    const std::string name = "edp-" + token;
    api.add(token, {kRunner,
                    "r",
                    {},
                    {"edp-reports"},
                    {{"authentication.kubernetes.io/pod-name", {name}},
                     {"authentication.kubernetes.io/pod-uid", {uid(5000 + pod * 10 + attempt)}}}});
    const ReportKey to = key(pod);
    runners.add(name, uid(5000 + pod * 10 + attempt), {to.ns, to.name, to.run_uid, to.pod_uid, attempt});
  }
  [[nodiscard]] std::unique_ptr<http::SessionPool> client() const {
    http::Peer peer;
    peer.url = {.tls = true, .host = "127.0.0.1", .port = server->port()};
    peer.tls.ca_pem = identity->ca_pem();
    return std::make_unique<http::SessionPool>(std::move(peer), 32);
  }
  static std::string path(const ReportKey& of) {
    return "/api/v1/runs/" + of.ns + "/" + of.name + "/" + of.run_uid + "/targets/" + of.pod_uid + "/" +
           std::string(file_name(of.file));
  }
  static std::vector<std::pair<std::string, std::string>> bearer(const std::string& token) {
    if (token.empty()) return {};
    return {{"Authorization", "Bearer " + token}};
  }
  Got upload(const std::string& token, const ReportKey& to, const std::string& body,
             std::vector<std::pair<std::string, std::string>> headers = {}) {
    for (auto& header : bearer(token)) headers.push_back(header);
    return ask(*pool, {.method = "PUT", .target = path(to), .headers = std::move(headers), .body = body});
  }
  Got fetch(const std::string& token, const std::string& target,
            std::vector<std::pair<std::string, std::string>> headers = {},
            const std::string& method = "GET") {
    for (auto& header : bearer(token)) headers.push_back(header);
    return ask(*pool, {.method = method, .target = target, .headers = std::move(headers)});
  }
  std::vector<ServeEvent> events() {
    const MutexLock lock(mutex_);
    return events_;
  }

  edp::testing::TempDir dir;
  const std::shared_ptr<edp::testing::TlsIdentity> identity;
  FakeApi api;
  Runners runners;
  std::unique_ptr<ReportStore> store;
  std::unique_ptr<ReportService> service;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<http::SessionPool> pool;

 private:
  Mutex mutex_;
  std::vector<ServeEvent> events_ EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::serve::testing
