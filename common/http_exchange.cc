#include "common/http_exchange.h"

#include <exception>

#include "common/http_tls.h"
#include "common/http_transport.h"

namespace edp::http {
namespace {

ExchangeResult run(const Exchange& what, const CancelToken& cancel) {
  ExchangeResult result;
  std::shared_ptr<TlsContext> tls;
  if (what.url->tls) {
    auto made = TlsContext::make({.ca_file = what.ca_file});
    if (!made) {
      result.failure = made.error();
      return result;
    }
    tls = std::move(*made);
  }
  Transport transport;
  transport.begin_exchange({.deadline = what.deadline, .cancel_grace = what.cancel_grace}, cancel);
  result.failure =
      transport.connect(what.address, what.url->port, what.url->host, tls.get(), what.connect_timeout);
  result.connected = transport.reached();
  if (result.failure) return result;
  RequestLine line{.target = what.target};
  line.headers = {{"Host", host_header(*what.url)}, {"User-Agent", "edp-runner"}};
  if (!what.authorization.empty()) line.headers.emplace_back("Authorization", what.authorization);
  const ProtocolResult spoken = speak(transport, line, what.on_head, what.on_body);
  result.answered = spoken.answered;
  result.stopped = spoken.stopped;
  result.failure = spoken.failure;
  result.ended_early = !spoken.failure && !spoken.stopped && transport.half_closed();
  return result;
}

}  // namespace

std::string host_header(const Url& url) {
  const std::string origin = url.origin();
  return origin.substr(origin.find("://") + 3);
}

ExchangeResult exchange(const Exchange& what, const CancelToken& cancel) {
  try {
    return run(what, cancel);
  } catch (const std::exception& error) {
    ExchangeResult result;  // out of memory or descriptors
    result.failure = Failure{FailureKind::kLocal, std::string("the request failed here: ") + error.what()};
    return result;
  }
}

}  // namespace edp::http
