// The operator put together: watches, control thread, actor, elector, prober, servers.
#pragma once

#include <string>

#include "common/cancel.h"
#include "operator/control/config.h"
#include "operator/kube/config.h"

namespace edp::control {

struct Identity {
  std::string pod;      // POD_NAME, else the host's name
  std::string address;  // POD_IP: where the other replica reaches this one's report service
};

// Runs until `stop` is set; then lets calls under way end, gives the lease back and returns, in less than ten
// seconds. An error: it could not begin.
Result<void> run_operator(const Config& config, const kube::ClusterConfig& cluster, const Identity& identity,
                          const CancelToken& stop);

}  // namespace edp::control
