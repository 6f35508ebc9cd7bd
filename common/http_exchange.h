// Inside of common/http: one GET over one connection to one address.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http.h"
#include "common/http_protocol.h"

namespace edp::http {

struct Exchange {
  const Url* url = nullptr;
  std::string address;        // numeric
  std::string target;         // path and query
  std::string authorization;  // the header's value, empty for none
  std::string ca_file;
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::steady_clock::time_point deadline;
  std::chrono::milliseconds cancel_grace{0};
  std::function<bool(const ResponseHead&)> on_head;  // false: stop here, no failure
  Sink on_body;                                      // false: stop here, no failure
};

struct ExchangeResult {
  bool connected = false;    // TCP (not TLS) was there
  bool answered = false;     // on_head was called
  bool stopped = false;      // on_head or on_body said so
  bool ended_early = false;  // see Response
  std::optional<Failure> failure;
};

// Blocks until done, the deadline, or cancel. Never throws.
ExchangeResult exchange(const Exchange& what, const CancelToken& cancel);

// Numeric addresses of a host, in the order to try. The system's resolver can't be stopped, so it runs in a
// thread of its own that is left behind when the deadline or cancel comes first.
tl::expected<std::vector<std::string>, Failure> resolve(const std::string& host,
                                                        std::chrono::steady_clock::time_point deadline,
                                                        const CancelToken& cancel);

// What goes into the Host header: without the scheme's own port, IPv6 addresses in brackets.
std::string host_header(const Url& url);

}  // namespace edp::http
