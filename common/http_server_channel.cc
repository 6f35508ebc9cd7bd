#include "common/http_server_channel.h"

#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace edp::http {
namespace {

constexpr size_t kBufferSize = 8192;

}  // namespace

Channel::Channel(int fd, std::string peer) : fd_(fd), peer_(std::move(peer)) {}

Channel::~Channel() {
  SSL_free(ssl_);
  ::close(fd_);
}

void Channel::limit(std::chrono::milliseconds gap, Clock::time_point deadline) {
  gap_ = gap;
  deadline_ = deadline;
  timed_out_ = false;
}

bool Channel::wait(short events) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
    const auto time = std::min(gap_, left);
    if (time.count() <= 0) break;
    pollfd what{fd_, events, 0};
    const int ready = ::poll(&what, 1, static_cast<int>(time.count()));
    if (ready > 0) return true;
    if (ready == 0) break;
    if (errno != EINTR) return false;
  }
  timed_out_ = true;
  return false;
}

bool Channel::accept_tls(const SslContext& context) {
  context_ = context;
  ssl_ = SSL_new(context.get());
  if (ssl_ == nullptr || SSL_set_fd(ssl_, fd_) != 1) return false;
  while (true) {
    ERR_clear_error();
    const int result = SSL_accept(ssl_);
    if (result == 1) return true;
    const int error = SSL_get_error(ssl_, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) break;
    if (!wait(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) break;
  }
  ERR_clear_error();
  failed_ = true;
  return false;
}

ssize_t Channel::read_some(char* into, size_t size) {
  // Checked also when data is there all the time: else a busy client could go on beyond the deadline.
  if (Clock::now() >= deadline_) {
    timed_out_ = true;
    return -1;
  }
  while (!failed_) {
    short events = POLLIN;
    if (ssl_ != nullptr) {
      ERR_clear_error();
      const int count = SSL_read(ssl_, into, static_cast<int>(std::min<size_t>(size, 1U << 30U)));
      if (count > 0) return count;
      const int error = SSL_get_error(ssl_, count);
      if (error == SSL_ERROR_ZERO_RETURN) return 0;
      if (error == SSL_ERROR_WANT_WRITE) {
        events = POLLOUT;
      } else if (error != SSL_ERROR_WANT_READ) {
        // An end without close_notify is no end: what came may be cut.
        ERR_clear_error();
        failed_ = true;
        break;
      }
    } else {
      const ssize_t count = ::recv(fd_, into, size, 0);
      if (count >= 0) return count;
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) break;
    }
    if (!wait(events)) break;
  }
  return -1;
}

ssize_t Channel::read(char* into, size_t size) {
  if (budget_ == 0) return -1;
  size = static_cast<size_t>(std::min<uint64_t>(size, budget_));
  ssize_t count = 0;
  if (begin_ < end_) {
    count = static_cast<ssize_t>(std::min(size, end_ - begin_));
    std::memcpy(into, buffer_.data() + begin_, static_cast<size_t>(count));
    begin_ += static_cast<size_t>(count);
  } else if (size >= kBufferSize) {
    count = read_some(into, size);
  } else {
    if (buffer_.empty()) buffer_.resize(kBufferSize);
    const ssize_t filled = read_some(buffer_.data(), buffer_.size());
    if (filled <= 0) return filled;
    end_ = static_cast<size_t>(filled);
    count = static_cast<ssize_t>(std::min(size, end_));
    std::memcpy(into, buffer_.data(), static_cast<size_t>(count));
    begin_ = static_cast<size_t>(count);
  }
  if (count > 0) {
    budget_ -= static_cast<uint64_t>(count);
    traffic_.read += static_cast<uint64_t>(count);
  }
  return count;
}

ssize_t Channel::write(const char* from, size_t size) {
  if (size == 0) return 0;
  if (Clock::now() >= deadline_) {
    timed_out_ = true;
    return -1;
  }
  while (!failed_) {
    short events = POLLOUT;
    if (ssl_ != nullptr) {
      ERR_clear_error();
      const int count = SSL_write(ssl_, from, static_cast<int>(std::min<size_t>(size, 1U << 30U)));
      if (count > 0) {
        traffic_.written += static_cast<uint64_t>(count);
        return count;
      }
      const int error = SSL_get_error(ssl_, count);
      if (error == SSL_ERROR_WANT_READ) {
        events = POLLIN;
      } else if (error != SSL_ERROR_WANT_WRITE) {
        ERR_clear_error();
        failed_ = true;
        break;
      }
    } else {
      const ssize_t count = ::send(fd_, from, size, MSG_NOSIGNAL);
      if (count >= 0) {
        traffic_.written += static_cast<uint64_t>(count);
        return count;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) break;
    }
    if (!wait(events)) break;
  }
  return -1;
}

bool Channel::buffered() const { return begin_ < end_ || (ssl_ != nullptr && SSL_has_pending(ssl_) == 1); }

Channel::Traffic Channel::take_traffic() { return std::exchange(traffic_, {}); }

void Channel::rest() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    std::vector<char>().swap(buffer_);
  }
}

void Channel::end_sending() {
  if (ssl_ != nullptr && !failed_) {
    ERR_clear_error();
    if (SSL_shutdown(ssl_) < 0) ERR_clear_error();
  }
  ::shutdown(fd_, SHUT_WR);
}

bool Channel::discard(size_t max) {
  char bytes[16384];
  size_t total = 0;
  while (total < max) {
    const ssize_t count = ::recv(fd_, bytes, sizeof bytes, 0);
    if (count == 0) return false;
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    total += static_cast<size_t>(count);
  }
  return true;
}

void Channel::abort() const { ::shutdown(fd_, SHUT_RDWR); }

}  // namespace edp::http
