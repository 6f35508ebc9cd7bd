#include "common/http_tunnel.h"

#include <utility>

#include "common/http_protocol.h"

namespace edp::http {

Failure by_proxy(Failure failure, const Url& proxy) {
  failure.message = "the proxy " + proxy.origin() + ": " + failure.message;
  return failure;
}

std::optional<Failure> open_tunnel(Transport& transport, const Url& proxy, const Url& to,
                                   const std::string& authorization) {
  const bool v6 = to.host.find(':') != std::string::npos;
  const std::string place = (v6 ? "[" + to.host + "]" : to.host) + ":" + std::to_string(to.port);
  RequestLine line{.method = "CONNECT", .target = place, .headers = {{"Host", place}}, .keep = true};
  if (!authorization.empty()) line.headers.emplace_back("Proxy-Authorization", authorization);
  int status = 0;
  const auto on_head = [&](const ResponseHead& head) {
    status = head.status;
    return false;  // what follows is the server's
  };
  const ProtocolResult result = speak(transport, line, on_head, {});
  std::optional<Failure> failure;
  if (result.failure) {
    failure = result.failure;
  } else if (status < 200 || status > 299) {
    failure = Failure{FailureKind::kRefused, "no tunnel to " + place + ": status " + std::to_string(status)};
  } else if (!transport.drained()) {
    failure = Failure{FailureKind::kProtocol, "it says more than that the tunnel stands"};
  }
  if (!failure) return std::nullopt;
  transport.close();
  return by_proxy(std::move(*failure), proxy);
}

}  // namespace edp::http
