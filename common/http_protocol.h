// Inside of common: one HTTP/1.1 request and its answer over a connected Transport. http_protocol.cc is the
// only file of the client's side that knows cpp-httplib.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http.h"
#include "common/http_transport.h"

namespace edp::http {

struct ResponseHead {
  int status = 0;
  std::string content_type;
  std::string location;
  std::string content_length;  // as sent, empty where there is none
  std::string retry_after;
  std::vector<std::pair<std::string, std::string>> headers;  // all, as sent; each value is one line
};

struct RequestLine {
  std::string method = "GET";
  std::string target;                                        // path and query
  std::vector<std::pair<std::string, std::string>> headers;  // all but Content-Length and Connection
  std::string_view body;
  bool keep = false;  // the connection is meant to be used again
};

struct ProtocolResult {
  bool answered = false;  // on_head was called
  bool stopped = false;   // on_head or on_body said so
  bool reusable = false;  // whole, and the connection may take another request
  uint64_t bytes = 0;     // of the body
  std::optional<Failure> failure;
};

// Never throws. The transport's limits hold; it is left to the caller to close it.
ProtocolResult speak(Transport& transport, const RequestLine& request,
                     const std::function<bool(const ResponseHead&)>& on_head, const Sink& on_body);

}  // namespace edp::http
