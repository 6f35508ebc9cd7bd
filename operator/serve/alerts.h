// The webhook that Alertmanager calls (payload version 4): POST /api/v1/alerts.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/audit/journal.h"
#include "common/http_server.h"
#include "operator/serve/forwarder.h"

namespace edp::serve {

struct Alert {
  std::string fingerprint;  // Alertmanager's: the same for the same labels, so it serves as the alert's id
  bool firing = true;       // else resolved
  std::map<std::string, std::string, std::less<>> labels, annotations;
  int64_t starts_at = 0;  // seconds since 1970
  std::string generator_url;
};

struct AlertOptions {
  std::string token_file;  // the bearer token that Alertmanager has; read again when it changes
  uint64_t max_bytes = uint64_t{1} << 20;
  audit::Journal* journal = nullptr;                  // borrowed; null: nothing is audited
  size_t max_alerts = 1000;                           // of one call; the rest is dropped, and said so
  std::function<void(std::vector<Alert>)> on_alerts;  // from any thread; the same alert comes again and again
};

// `forwarder` may be null. No token file, or an empty one: every call gets 503.
void add_alert_route(http::Server& server, AlertOptions options, Forwarder* forwarder);

// The payload, or what is wrong with it.
Result<std::vector<Alert>> parse_alerts(std::string_view json, size_t max_alerts);

}  // namespace edp::serve
