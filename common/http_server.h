// An HTTP(S) server for clients that nobody vouches for. Connections wait in one event loop and hold a worker
// only while a request of theirs is being served, so idle clients starve nobody; every size, every time and
// every queue is bounded. cpp-httplib reads and writes the messages and is seen by one file only
// (http_server_engine.cc).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/cancel.h"
#include "common/result.h"

namespace edp::http {

struct ServerOptions {
  std::string address = "127.0.0.1";  // numeric; "::" takes both families
  uint16_t port = 0;                  // 0: any free one, see Server::port()

  // PEM; both or none (plain HTTP). TLS 1.2 and later. Looked at every `certificate_check`: a changed pair
  // serves the connections that come from then on, a broken one is reported and the old one kept.
  std::string certificate_file, key_file;
  std::chrono::milliseconds certificate_check{10'000};

  size_t workers = 16;           // requests at once; threads come when needed
  size_t workers_per_peer = 12;  // of one client address, so that a single slow one leaves room
  size_t max_connections = 256;  // beyond: the one that has been idle longest goes
  size_t max_waiting = 64;       // ready for a worker; beyond: the newcomer is closed

  uint32_t max_header_bytes = 32u << 10;  // request line and headers
  std::chrono::milliseconds header_timeout{
      10'000};  // TLS handshake; then from a request's first byte to its body
  std::chrono::milliseconds gap_timeout{15'000};       // no byte read or written
  std::chrono::milliseconds request_timeout{180'000};  // first byte to last, whatever the pace
  std::chrono::milliseconds idle_timeout{30'000};      // between requests
  std::chrono::milliseconds drain_timeout{5'000};      // what stop() gives to requests under way
  int max_requests = 1000;                             // of one connection

  // One line about what an operator should know ("certificate can't be read: ..."); from any thread.
  std::function<void(std::string_view)> log;
};

enum class BodyEnd {
  kComplete,
  kTooLong,   // more than allowed; what fits was delivered
  kBroken,    // the client went away, or chunks or lengths are wrong
  kTimedOut,  // gap_timeout or request_timeout
  kRefused,   // the sink said false
};

class ServerRequest {
 public:
  ServerRequest() = default;
  ServerRequest(const ServerRequest&) = delete;
  ServerRequest& operator=(const ServerRequest&) = delete;
  virtual ~ServerRequest() = default;

  std::string method;               // "GET", "HEAD" (served by GET routes; the body is left out), "PUT", ...
  std::string path;                 // as sent: percent-encoded, without the query
  std::string query;                // as sent, without '?'
  std::vector<std::string> params;  // what stood for {...}, as sent: never has a '/'
  std::vector<std::pair<std::string, std::string>> headers;  // as sent; values have no control characters
  std::string peer;                                          // numeric address
  std::chrono::steady_clock::time_point deadline;            // of the whole request
  CancelToken cancel;  // set when the server stops and its patience is at an end

  // The first header of that name, whatever its case; empty where there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] size_t header_count(std::string_view name) const;
  // "Bearer xyz" -> "xyz"; empty where there is none, or more than one Authorization header.
  [[nodiscard]] std::string_view bearer_token() const;
  // As announced; nothing where the body is chunked or absent.
  [[nodiscard]] virtual std::optional<uint64_t> content_length() const = 0;

  // Once. Content-Encoding is left to the caller. A client that waits for "100 Continue" gets it now, so what
  // can be refused by the headers alone should be.
  virtual BodyEnd read_body(uint64_t max_bytes, const std::function<bool(std::string_view)>& sink) = 0;
};

// The bytes of an answer, read as the client takes them.
class BodySource {
 public:
  BodySource() = default;
  BodySource(const BodySource&) = delete;
  BodySource& operator=(const BodySource&) = delete;
  virtual ~BodySource() = default;
  [[nodiscard]] virtual uint64_t size() const = 0;
  // At least one byte, at most `size`, into `into`. An error breaks the connection off.
  virtual Result<size_t> read(uint64_t offset, char* into, size_t size) = 0;
};

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::shared_ptr<BodySource> source;  // instead of body
};

// {"error": message, "reason": reason}. `reason` is one CamelCase word that programs may rely on; both are
// plain text that may be shown to anybody.
Reply error_reply(int status, std::string_view reason, std::string_view message);

// The answer where read_body() did not complete: 413 TooLarge, 400 BrokenBody, 408 TimedOut.
Reply body_error(BodyEnd end, uint64_t max_bytes);

// Called from many threads at once. An exception becomes a 500 that tells nothing.
using ServerHandler = std::function<Reply(ServerRequest&)>;

class Server {
 public:
  explicit Server(ServerOptions options);
  ~Server();  // as stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "/api/v1/runs/{ns}/{name}": a {...} takes one segment of any text. Before start(). Paths that no route
  // has get 404, methods that a path has not 405.
  void route(std::string method, std::string_view pattern, ServerHandler handler);

  // Binds, listens and serves in threads of its own.
  Result<void> start();
  [[nodiscard]] uint16_t port() const;  // after start()

  // Takes no more requests, lets those under way end for drain_timeout, then cancels and closes them. Blocks.
  void stop();

  struct Stats {
    size_t connections = 0, busy = 0, waiting = 0, threads = 0;
    uint64_t requests = 0, refused = 0;  // refused: connections closed for want of room
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::http
