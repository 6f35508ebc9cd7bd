// Inside of operator/kube: proxies of the environment, which we do not use.
#pragma once

#include <string>
#include <string_view>

#include "operator/kube/config.h"

namespace edp::kube {

// A sentence for people where other programs would reach `server` through a proxy; empty else. Names the
// variable, not its value: that may hold a password.
std::string ignored_proxy(const http::Url& server, const Environment& environment);

// NO_PROXY as Go's net/http reads it: "*", names with all names below them, addresses, networks in CIDR
// notation, each with an optional port. Loopback is always covered.
bool no_proxy_covers(std::string_view list, const std::string& host, uint16_t port);

}  // namespace edp::kube
