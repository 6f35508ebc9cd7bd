// With a volume only the leader has the reports: the other replica passes requests on to it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/http_server.h"

namespace edp::serve {

struct LeaderAddress {
  std::string host;  // the leader's pod address, numeric
  uint16_t port = 0;
};

struct ForwarderOptions {
  std::function<bool()> is_leader;                       // this replica; cheap
  std::function<std::optional<LeaderAddress>()> leader;  // nothing: unknown
  bool tls = true;
  std::string ca_file;      // PEM, trusted to speak for the leader; read again when it changes
  std::string server_name;  // that the leader's certificate must have: "edp-operator.edp.svc"
  std::string spool_dir;    // bodies on their way, unlinked at once; must exist
  uint64_t max_bytes = uint64_t{64} << 20;    // of a body, either way
  std::function<void(std::string_view)> log;  // why the leader could not be asked; from any thread
};

class Forwarder {
 public:
  explicit Forwarder(ForwarderOptions options);
  ~Forwarder();
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  // The handler that runs `local` on the leader and asks the leader elsewhere. 503 with Retry-After where the
  // leader is unknown or can't be reached, 508 where the request has been passed on once already. `check` may
  // refuse a request before its body is taken; it is asked only where the request is passed on.
  using Check = std::function<std::optional<http::Reply>(http::ServerRequest&)>;
  http::ServerHandler wrap(http::ServerHandler local, Check check = {});

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace edp::serve
