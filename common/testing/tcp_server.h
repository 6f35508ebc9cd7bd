// For tests: a server on an ephemeral loopback port that does to each connection what the test says, byte by
// byte. Nothing in it speaks HTTP by itself, so it can lie.
#pragma once

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "common/mutex.h"

namespace edp::testing {

class TcpServer {
 public:
  class Connection {
   public:
    Connection(int fd, SSL* ssl, const std::atomic<bool>& stop, int nth)
        : number(nth), fd_(fd), ssl_(ssl), stop_(stop) {}
    const int number;  // 0 for the first one

    // Everything up to the blank line; "" when the peer closed first.
    std::string read_request() {
      std::string text;
      char c = 0;
      while (text.find("\r\n\r\n") == std::string::npos &&
             ((ssl_ != nullptr && SSL_pending(ssl_) > 0) || readable())) {
        if ((ssl_ != nullptr ? SSL_read(ssl_, &c, 1) : static_cast<int>(recv(fd_, &c, 1, 0))) != 1) return "";
        text += c;
      }
      return text;
    }
    // So many bytes; fewer when the peer closed first.
    std::string read_bytes(size_t count) {
      std::string text(count, '\0');
      size_t got = 0;
      while (got < count && ((ssl_ != nullptr && SSL_pending(ssl_) > 0) || readable())) {
        const int left = static_cast<int>(count - got);
        const auto n = ssl_ != nullptr ? SSL_read(ssl_, &text[got], left)
                                       : static_cast<int>(recv(fd_, &text[got], count - got, 0));
        if (n <= 0) break;
        got += static_cast<size_t>(n);
      }
      text.resize(got);
      return text;
    }
    // False once the peer is gone.
    bool send(std::string_view bytes) {
      while (!bytes.empty() && !stop_) {
        pollfd wait{fd_, POLLOUT, 0};
        if (poll(&wait, 1, 20) == 0) continue;
        const int size = static_cast<int>(std::min<size_t>(bytes.size(), 16384));
        const auto sent = ssl_ != nullptr
                              ? SSL_write(ssl_, bytes.data(), size)
                              : ::send(fd_, bytes.data(), static_cast<size_t>(size), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<size_t>(sent));
      }
      return !stop_;
    }
    bool answer(std::string_view status, std::string_view content_type, std::string_view body) {
      return send("HTTP/1.1 " + std::string(status) + "\r\nContent-Type: " + std::string(content_type) +
                  "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    }
    // Closes with RST instead of FIN.
    void reset() {
      const linger now{1, 0};
      setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    // Passes bytes to a port of loopback and back until either side closes: a tunnel's middle.
    void relay(int port) {
      const int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(static_cast<uint16_t>(port));
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      bool open = connect(other, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
      char bytes[4096];
      while (open && !stop_) {
        pollfd ends[] = {{fd_, POLLIN, 0}, {other, POLLIN, 0}};
        if (poll(ends, 2, 20) <= 0) continue;
        for (const int side : {0, 1}) {
          if (ends[side].revents == 0) continue;
          const ssize_t count = recv(ends[side].fd, bytes, sizeof bytes, 0);
          open = open && count > 0 &&
                 ::send(ends[1 - side].fd, bytes, static_cast<size_t>(count), MSG_NOSIGNAL) == count;
        }
      }
      ::close(other);
    }
    // Says nothing until the peer has closed its sending side, or the server goes down.
    void hang() {
      char bytes[4096];
      while (readable()) {
        if (recv(fd_, bytes, sizeof bytes, 0) <= 0) return;
      }
    }

   private:
    bool readable() {
      pollfd wait{fd_, POLLIN, 0};
      while (!stop_) {
        if (poll(&wait, 1, 20) > 0) return true;
      }
      return false;
    }
    const int fd_;
    SSL* const ssl_;
    const std::atomic<bool>& stop_;
  };
  using Handler = std::function<void(Connection&)>;

  // `context`: for TLS; borrowed. `port`: 0 for any free one.
  explicit TcpServer(Handler handler, SSL_CTX* context = nullptr, int port = 0)
      : handler_(std::move(handler)), context_(context) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 64) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~TcpServer() {
    stop_ = true;
    acceptor_.join();
    for (auto& worker : workers_) worker.join();
    close(listener_);
  }
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view host = "127.0.0.1") const {
    return std::string(context_ != nullptr ? "https://" : "http://") + std::string(host) + ":" +
           std::to_string(port_);
  }
  [[nodiscard]] int connections() const { return count_; }

 private:
  void accept_all() {
    while (!stop_) {
      pollfd wait{listener_, POLLIN, 0};
      if (poll(&wait, 1, 20) <= 0) continue;
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      workers_.emplace_back([this, fd, number = count_++] { serve(fd, number); });
    }
  }
  void serve(int fd, int number) {
    SSL* ssl = context_ != nullptr ? SSL_new(context_) : nullptr;
    if (ssl != nullptr) SSL_set_fd(ssl, fd);
    if (ssl == nullptr || SSL_accept(ssl) == 1) {
      Connection connection(fd, ssl, stop_, number);
      handler_(connection);
      if (ssl != nullptr) SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    close(fd);
  }

  const Handler handler_;
  SSL_CTX* const context_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<int> count_{0};
  std::thread acceptor_;
  std::list<std::thread> workers_;  // touched by the acceptor, and after it has ended
};

}  // namespace edp::testing
