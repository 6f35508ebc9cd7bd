#include "common/http_watchdog.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace edp::http {
namespace {

tcp_info info_of(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (fd < 0 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  return info;
}

constexpr int kEstablished = 1;  // TCP_ESTABLISHED of the kernel's net/tcp_states.h

}  // namespace

Watchdog::Watchdog(Clock::time_point deadline, std::chrono::milliseconds grace, const CancelToken& cancel)
    : deadline_(deadline), grace_(grace), cancelled_(cancel.on_cancel([this] { on_cancel(); })) {
  thread_ = std::thread([this] { run(); });
}

Watchdog::~Watchdog() {
  {
    const MutexLock lock(mutex_);
    done_ = true;
    changed_.notify_all();
  }
  thread_.join();
  if (fd_ >= 0) close(fd_);
}

void Watchdog::watch(int socket) {
  const MutexLock lock(mutex_);
  if (fd_ >= 0) close(fd_);
  fd_ = fcntl(socket, F_DUPFD_CLOEXEC, 0);
}

Watchdog::Cause Watchdog::ended() {
  const MutexLock lock(mutex_);
  return ended_;
}

bool Watchdog::half_closed() {
  const MutexLock lock(mutex_);
  return half_closed_;
}

bool Watchdog::heard_a_byte() {
  const MutexLock lock(mutex_);
  return info_of(fd_).tcpi_bytes_received > 1;  // the end of the stream counts as one
}

void Watchdog::on_cancel() {
  const MutexLock lock(mutex_);
  cancel_seen_ = true;
  changed_.notify_all();
}

void Watchdog::run() {
  const MutexLock lock(mutex_);
  while (!done_) {
    const auto now = Clock::now();
    if (ended_ == Cause::kNone && cancel_seen_ && !half_closed_) {
      if (grace_.count() > 0 && info_of(fd_).tcpi_state == kEstablished && shutdown(fd_, SHUT_WR) == 0) {
        half_closed_ = true;
        deadline_ = std::min(deadline_, now + grace_);
      } else {
        ended_ = Cause::kCancel;
      }
    }
    if (ended_ == Cause::kNone && now >= deadline_) ended_ = cancel_seen_ ? Cause::kCancel : Cause::kDeadline;
    if (ended_ == Cause::kNone) {
      changed_.wait_until(mutex_, deadline_);
      continue;
    }
    // Before connect() this does nothing, hence again.
    if (fd_ >= 0) shutdown(fd_, SHUT_RDWR);
    changed_.wait_until(mutex_, now + std::chrono::milliseconds(20));
  }
}

}  // namespace edp::http
