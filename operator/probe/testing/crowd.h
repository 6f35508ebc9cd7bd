// For tests: an HTTP server on one port of every address of 127/8, in one thread, that answers "ok".
#pragma once

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <unordered_set>

namespace edp::probe::testing {

class Crowd {
 public:
  Crowd() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof address;
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 4096) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0 || !watch(listener_))
      std::abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~Crowd() {
    stop_ = true;
    thread_.join();
    for (const int fd : open_) close(fd);
    close(listener_);
    close(epoll_);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] int most_at_once() const { return most_; }
  void hang(bool does) { hang_ = does; }

 private:
  bool watch(int fd) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
  }
  void run() {
    std::array<epoll_event, 64> events{};
    while (!stop_) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 20);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<size_t>(i)].data.fd;
        if (fd == listener_) {
          for (int next = 0;
               (next = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
            open_.insert(next);
            most_ = std::max(most_.load(), static_cast<int>(open_.size()));
            if (!watch(next)) std::abort();
          }
          continue;
        }
        std::array<char, 4096> request;
        const auto size = recv(fd, request.data(), request.size(), 0);
        if (size > 0 && hang_) continue;
        constexpr std::string_view kAnswer =
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        if (size > 0) (void)!::send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
        open_.erase(fd);
        close(fd);
      }
    }
  }

  int listener_ = -1, epoll_ = -1, port_ = 0;
  std::atomic<bool> stop_{false}, hang_{false};
  std::atomic<int> most_{0};
  std::unordered_set<int> open_;  // the thread's
  std::thread thread_;
};

}  // namespace edp::probe::testing
