// Inside of common/http_server: a listening socket.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/http_server_channel.h"
#include "common/result.h"

namespace edp::http {

class Listener {
 public:
  // A numeric address; "::" takes IPv4 as well, port 0 any free one.
  static Result<std::unique_ptr<Listener>> bind(const std::string& address, uint16_t port);
  ~Listener() { close(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The next connection, or errno (EAGAIN: none now).
  tl::expected<std::unique_ptr<Channel>, int> accept() const;
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] uint16_t port() const { return port_; }
  void close();

 private:
  Listener(int fd, uint16_t port) : fd_(fd), port_(port) {}
  int fd_;
  uint16_t port_;
};

}  // namespace edp::http
