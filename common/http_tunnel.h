// Inside of common: a way through a forward proxy.
#pragma once

#include <optional>
#include <string>

#include "common/http.h"
#include "common/http_transport.h"
#include "common/http_url.h"

namespace edp::http {

// Names the proxy that a failure is about.
Failure by_proxy(Failure failure, const Url& proxy);

// Over a transport that is connected to the proxy: asks it for a tunnel to `to` (CONNECT). Afterwards the
// transport's bytes are the server's. Where there is a failure, which names the proxy, it is closed.
std::optional<Failure> open_tunnel(Transport& transport, const Url& proxy, const Url& to,
                                   const std::string& authorization);

}  // namespace edp::http
