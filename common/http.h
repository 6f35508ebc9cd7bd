// An HTTP(S) client for targets that nobody vouches for: every size and every time is bounded, every failure
// has a name. cpp-httplib does the protocol and is seen by one file of the client's side only
// (http_protocol.cc).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/cancel.h"
#include "common/http_url.h"
#include "common/result.h"

namespace edp::http {

enum class FailureKind {
  kLocal,         // our own side: a CA, token or password file that can't be used
  kDns,           // the host name does not resolve
  kRefused,       // nobody listens, or no way there
  kTimeout,       // the deadline passed
  kClosed,        // the peer closed or reset the connection before the whole answer was there
  kTlsUntrusted,  // certificate not trusted, expired, or for another host
  kTls,           // no TLS connection for another reason
  kUnauthorized,  // 401
  kForbidden,     // 403
  kNotFound,      // 404
  kStatus,        // any other status but 200
  kRedirect,      // to another server, or too many
  kHtml,          // an HTML page where data was expected
  kTooLong,       // more than the request's max_bytes
  kProtocol,      // not HTTP/1.x, oversized headers, bad chunks, contradicting lengths
  kCancelled,
};
std::string_view to_string(FailureKind kind);  // "local", "dns", ...

struct Failure {
  FailureKind kind = FailureKind::kProtocol;
  std::string message;  // what happened, for people; names no URL and no secret
};

struct Options {
  // PEM; replaces the system's roots. Empty: the system's.
  std::string ca_file;
  // Bearer token. Read again each minute, and once on a 401, for tokens rotate.
  std::string token_file;
  // Basic auth; user and password in the URL go first, and both go before the token.
  std::string user;
  std::string password_file;
  std::chrono::milliseconds connect_timeout{5000};  // per address
};

// Takes what came, in order; false stops the transfer (the request then counts as done).
using Sink = std::function<bool(std::string_view)>;

struct Request {
  std::string target;  // path and query, percent-encoded: "/debug/pprof/heap?seconds=5"
  std::chrono::steady_clock::time_point deadline;  // for everything: name, connection, headers, body
  uint64_t max_bytes = uint64_t{64} << 20;         // of the body; what fits is delivered, then kTooLong
  bool cheap =
      false;  // safe and cheap to repeat: asked again once when the connection closes without an answer
  bool html = false;  // HTML is welcome
  // On cancel, tell the peer that we stop sending and read on for this long. A Go server then ends a cpu or
  // trace window early and answers with what it has.
  std::chrono::milliseconds cancel_grace{0};
  Sink sink;
};

struct Response {
  int status = 0;  // 0 where no answer came
  std::string content_type;
  uint64_t bytes = 0;        // delivered to the sink
  bool ended_early = false;  // cancelled within cancel_grace, and yet whole
  std::optional<Failure> failure;
  std::string error_body;  // first 4 KiB of the body where the status was not 200
};

// One server. Safe for use from several threads; each request has a connection of its own. No proxies.
// Redirects are followed (at most 5) on the same scheme, host and port only.
class Client {
 public:
  Client(Url url, Options options);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  [[nodiscard]] const Url& url() const;

  // Never throws; returns at the latest shortly after the deadline.
  [[nodiscard]] Response get(const Request& request, const CancelToken& cancel = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::http
