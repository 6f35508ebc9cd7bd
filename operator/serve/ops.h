// What the kubelet and Prometheus ask, over plain HTTP: /healthz, /readyz, /metrics.
#pragma once

#include <functional>
#include <string>

#include "common/http_server.h"

namespace edp::serve {

struct OpsCallbacks {                      // all from any thread, and quick
  std::function<std::string()> unhealthy;  // empty: all is well; else why not (one line): 500
  std::function<std::string()> unready;    // empty: ready; else why not: 503
  std::function<std::string()> metrics;    // Prometheus' text format
};

void add_ops_routes(http::Server& server, OpsCallbacks callbacks);

}  // namespace edp::serve
