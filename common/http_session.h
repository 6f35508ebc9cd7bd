// Connections to one HTTP/1.1 server that is kept talking to: any method, headers, a body; the answer streams
// into callbacks. For targets that nobody vouches for see http.h; this is for servers that we are a client of
// (the kube-apiserver, the report service).
//
//   SessionPool reports({.url = *parse_url("https://reports:8443"), .tls = {.ca_pem = pem},
//                        .authorize = bearer_from_file("/var/run/secrets/edp.dev/reports/token")});
//   const Received answer = reports.call({.method = "PUT", .target = "/api/v1/runs/...", .body = report,
//                                     .content_type = "application/json", .deadline = now + 60s}, 65536,
//                                     cancel);
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/cancel.h"
#include "common/http.h"
#include "common/http_url.h"

namespace edp::http {

struct TlsOptions {
  // Certificates that are trusted, PEM; they replace the system's roots. Text goes before file; with neither,
  // the system's roots are loaded.
  std::string ca_pem;
  std::string ca_file;
  // What we show to a server that asks: certificate with its chain, and key, PEM. Both or neither.
  std::string certificate_pem;
  std::string key_pem;
  // Expected in the server's certificate and sent as SNI. Empty: the URL's host.
  std::string server_name;
  // Trust whatever answers.
  bool insecure = false;
};

// Makes the value of the Authorization header, empty for none. `again`: the server did not accept the last
// one. May block for a while (a plugin); called from any thread.
using Authorize = std::function<tl::expected<std::string, Failure>(bool again)>;

// "Bearer <the file's word>"; read again each minute and when refused, for tokens rotate.
Authorize bearer_from_file(std::string path);

// A forward proxy on the way (RFC 9110, 9112). What is asked of an http server goes through it in the
// absolute form, an https server is reached through a tunnel (CONNECT), in which TLS is between us and the
// server.
struct Proxy {
  Url url;              // http://; path and credentials are not used
  Authorize authorize;  // Proxy-Authorization; unset: none
};

struct Peer {
  Url url;  // its path is put before each target
  TlsOptions tls;
  Authorize authorize;  // unset: none
  std::optional<Proxy> proxy;
  std::string user_agent = "edp";
  std::chrono::milliseconds connect_timeout{5000};  // per address, with the TLS handshake
};

struct Head {
  int status = 0;
  std::string content_type;
  std::string retry_after;                                   // as sent
  std::vector<std::pair<std::string, std::string>> headers;  // all of them; each value is one line
};

struct Message {
  std::string method = "GET";
  std::string target;  // path and query, percent-encoded
  std::vector<std::pair<std::string, std::string>>
      headers;                                     // Host, Authorization and lengths come by themselves
  std::string_view body;                           // borrowed for the call
  std::string content_type;                        // of the body
  std::chrono::steady_clock::time_point deadline;  // for everything: name, connection, headers, bodies
  std::chrono::milliseconds idle{0};  // no byte came or went for so long: kTimeout. 0: only the deadline
  std::function<bool()> permit;  // asked right before bytes go out, each time; false: kCancelled. Unset: yes
  std::function<bool(const Head&)> on_head;  // false ends the exchange, no failure
  Sink on_body;                              // bodies of every status; false ends the exchange, no failure
};

struct Outcome {
  int status = 0;        // 0 where no answer came
  uint64_t bytes = 0;    // of the body, given to on_body
  bool stopped = false;  // on_head or on_body said so
  // Some of the request left this machine: the server may have acted on it, whatever the failure says.
  bool sent = false;
  std::optional<Failure> failure;
};

// The parsed form of TlsOptions, shared by connections: one copy of the certificates in memory.
class TlsContext;
tl::expected<std::shared_ptr<TlsContext>, Failure> make_tls(const TlsOptions& options);

// One connection, kept open between exchanges; one exchange at a time, from any thread. It is opened when
// needed. An answer that breaks off, a stop, or a timeout closes it.
class Session {
 public:
  // `tls` may be null where the URL's scheme is http.
  Session(std::shared_ptr<const Peer> peer, std::shared_ptr<TlsContext> tls);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // Never throws; returns at the latest shortly after the deadline or cancel. Done again by itself only:
  // - after 401, once, if `authorize` then gives another value;
  // - when a connection kept from before turns out to be closed: GET and HEAD if no byte of an answer came,
  //   everything else if no byte of the request went out.
  Outcome exchange(const Message& message, const CancelToken& cancel);

  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct Received {
  int status = 0;  // 0: no answer came, see failure
  std::string content_type;
  std::string retry_after;
  std::string body;  // of any status
  bool sent = false;
  std::optional<Failure> failure;  // no answer, or one that broke off or was too long (kTooLong)

  [[nodiscard]] bool ok() const { return !failure && status >= 200 && status < 300; }
};

// Up to `most` connections that several threads share. All members may be called from any thread.
class SessionPool {
 public:
  explicit SessionPool(Peer peer, size_t most = 4);
  ~SessionPool();
  SessionPool(const SessionPool&) = delete;
  SessionPool& operator=(const SessionPool&) = delete;

  // Waits for a free connection, within the message's deadline. A connection that was idle for a minute is
  // opened anew. on_head and on_body are as in Session.
  Outcome exchange(const Message& message, const CancelToken& cancel);

  // The same with the body collected, at most `max_bytes` of it; the message's callbacks are not used.
  Received call(Message message, uint64_t max_bytes, const CancelToken& cancel);

  // A connection of its own, closed afterwards, beside the `most`.
  Outcome stream(const Message& message, const CancelToken& cancel);

  // Connections opened from now on use this; those that are idle are closed. Exchanges under way go on.
  // Without it, the peer's TlsOptions are read when they are first needed.
  void replace_tls(std::shared_ptr<TlsContext> tls);

  [[nodiscard]] const Url& url() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::http
