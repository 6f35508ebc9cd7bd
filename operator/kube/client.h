// The Api over HTTP.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "operator/kube/api.h"
#include "operator/kube/config.h"

namespace edp::kube {

struct ClientOptions {
  std::string user_agent = "edp-operator";
  size_t connections = 4;  // for call(); each stream() opens one more
  std::chrono::milliseconds connect_timeout{5000};
};

// Connects to nothing yet: a CA that can't be read or a plugin that is missing is a failure of the first
// call, and one that is repaired works from then on. Token, certificate, key and CA files are followed when
// they change (looked at each 10 s, tokens each minute and on 401). Destroy it after all calls have returned.
std::unique_ptr<Api> connect(const ClusterConfig& config, const ClientOptions& options = {});

}  // namespace edp::kube
