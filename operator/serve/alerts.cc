#include "operator/serve/alerts.h"

#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

#include "operator/serve/fault.h"
#include "operator/serve/json_gate.h"
#include "operator/serve/secret_file.h"
#include "operator/serve/serve_audit.h"

namespace edp::serve {
namespace {

using Json = nlohmann::json;
using Texts = std::map<std::string, std::string, std::less<>>;
constexpr size_t kMaxDepth = 16;

// RFC 3339, as Go writes it; fractions are dropped. 0 where it is none.
int64_t parse_time(const std::string& text) {
  std::tm time{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (rest == nullptr || time.tm_year < 70) return 0;
  if (*rest == '.') {
    ++rest;
    while (*rest >= '0' && *rest <= '9') ++rest;
  }
  int64_t offset = 0;
  if (*rest == '+' || *rest == '-') {
    int hours = 0;
    int minutes = 0;
    if (std::sscanf(rest + 1, "%2d:%2d", &hours, &minutes) != 2) return 0;
    offset = (*rest == '-' ? -60 : 60) * (int64_t{hours} * 60 + minutes);
  } else if (*rest != 'Z') {
    return 0;
  }
  return static_cast<int64_t>(::timegm(&time)) - offset;
}

std::string text(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

Texts texts(const Json& object, const char* key) {
  Texts all;
  const auto it = object.find(key);
  if (it == object.end() || !it->is_object()) return all;
  for (const auto& [name, value] : it->items()) {
    if (value.is_string()) all[name] = value.get<std::string>();
  }
  return all;
}

struct Webhook {
  explicit Webhook(AlertOptions with)
      : options(std::move(with)), token(options.token_file, std::chrono::seconds(5)) {}

  std::optional<Fault> check(const http::ServerRequest& request) {
    const auto expected = token.get();
    if (!expected) {
      return Fault{503, "NoAlertToken", "no token for alerts is configured", expected.error().to_string()};
    }
    if (request.bearer_token().empty()) return Fault{401, "NoToken", "a bearer token is needed", {}};
    if (same_secret(request.bearer_token(), *expected)) return std::nullopt;
    token.forget();  // it may have been changed just now, and Alertmanager tries only once
    const auto changed = token.get();
    if (changed && same_secret(request.bearer_token(), *changed)) return std::nullopt;
    return Fault{401, "BadToken", "the token is not valid", {}};
  }

  http::Reply take(http::ServerRequest& request) {
    if (const auto fault = check(request)) return to_reply(*fault);
    std::string body;
    const auto end = request.read_body(options.max_bytes, [&body](std::string_view bytes) {
      body += bytes;
      return true;
    });
    if (end != http::BodyEnd::kComplete) return http::body_error(end, options.max_bytes);
    auto alerts = parse_alerts(body, options.max_alerts);
    if (!alerts) return to_reply({422, "NotAnAlert", "the body " + alerts.error().what, {}});
    if (const auto fault = auditor.note_alerts(request.peer, alerts->size(), body.size()))
      return to_reply(*fault);
    http::Reply reply;
    reply.status = 202;
    reply.body = "{\"accepted\":" + std::to_string(alerts->size()) + "}\n";
    if (options.on_alerts) options.on_alerts(std::move(*alerts));
    return reply;
  }

  const AlertOptions options;
  ServeAudit auditor{options.journal};
  SecretFile token;
};

}  // namespace

Result<std::vector<Alert>> parse_alerts(std::string_view json, size_t max_alerts) {
  JsonGate gate(kMaxDepth, "version");
  if (!gate.feed(json) || !gate.finish()) return fail(gate.fault());
  const Json payload = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!payload.is_object()) return fail("is no JSON in UTF-8");
  if (text(payload, "version") != "4") return fail("is not version 4 of Alertmanager's webhook");
  const auto list = payload.find("alerts");
  if (list == payload.end() || !list->is_array()) return fail("has no list of alerts");
  std::vector<Alert> alerts;
  for (const auto& one : *list) {
    if (alerts.size() >= max_alerts) break;
    if (!one.is_object()) return fail("has an alert that is no object");
    Alert alert;
    alert.fingerprint = text(one, "fingerprint");
    const std::string status = text(one, "status");
    if (alert.fingerprint.empty() || (status != "firing" && status != "resolved")) {
      return fail("has an alert without fingerprint or status");
    }
    alert.firing = status == "firing";
    alert.labels = texts(one, "labels");
    alert.annotations = texts(one, "annotations");
    alert.starts_at = parse_time(text(one, "startsAt"));
    alert.generator_url = text(one, "generatorURL");
    alerts.push_back(std::move(alert));
  }
  return alerts;
}

void add_alert_route(http::Server& server, AlertOptions options, Forwarder* forwarder) {
  const auto webhook = std::make_shared<Webhook>(std::move(options));
  http::ServerHandler local = [webhook](http::ServerRequest& request) { return webhook->take(request); };
  if (forwarder != nullptr) {
    local = forwarder->wrap(std::move(local),
                            [webhook](http::ServerRequest& request) -> std::optional<http::Reply> {
                              const auto fault = webhook->check(request);
                              return fault ? std::optional(to_reply(*fault)) : std::nullopt;
                            });
  }
  server.route("POST", "/api/v1/alerts", std::move(local));
}

}  // namespace edp::serve
