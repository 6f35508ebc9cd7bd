#include "common/http_transport.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <system_error>

#include "common/http_url.h"

namespace edp::http {
namespace {

using std::chrono::milliseconds;

// OpenSSL writes to sockets without MSG_NOSIGNAL. A handler that the program has set is left alone.
void ignore_sigpipe_once() {
  static const bool done = [] {
    struct sigaction current{};
    if (sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
      current.sa_handler = SIG_IGN;
      sigaction(SIGPIPE, &current, nullptr);
    }
    return true;
  }();
  (void)done;
}

// A peer that vanishes without a word is noticed within half a minute, also in the silence of a profile's
// window.
void set_keepalive(int socket) {
  const auto set = [&](int level, int option, int value) {
    // A socket without the option works as well, only slower to notice.
    (void)setsockopt(socket, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 25'000);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
}

// What was given up must not arrive later: a closed socket would go on resending what has not been
// acknowledged.
void drop_unsent(int socket) {
  int unsent = 0;
  if (ioctl(socket, SIOCOUTQ, &unsent) != 0 || unsent == 0) return;
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  (void)setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

bool is_reset(int error) {
  return error == ECONNRESET || error == EPIPE || error == ENOTCONN || error == ETIMEDOUT ||
         error == EHOSTUNREACH || error == ENETUNREACH || error == ECONNABORTED;
}

Failure refused(int error) {
  return {FailureKind::kRefused, "no connection: " + one_line(std::generic_category().message(error))};
}

}  // namespace

Transport::Transport() : wakeup_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  ignore_sigpipe_once();
  if (wakeup_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Transport::~Transport() {
  cancelled_ = {};
  close();
  ::close(wakeup_);
}

void Transport::begin_exchange(const Limits& limits, const CancelToken& cancel) {
  end_exchange();
  limits_ = limits;
  last_byte_ = Clock::now();
  grace_running_ = half_closed_ = reached_ = false;
  end_ = End::kNone;
  tls_reason_.clear();
  sent_ = received_ = 0;
  cancelled_ = cancel.on_cancel([this] {
    cancel_seen_ = true;
    const uint64_t one = 1;
    (void)!::write(wakeup_, &one, sizeof one);
  });
}

void Transport::end_exchange() {
  cancelled_ = {};  // the callback does not run after this
  cancel_seen_ = false;
  uint64_t ignored = 0;
  (void)!::read(wakeup_, &ignored, sizeof ignored);
}

void Transport::close() {
  // No farewell: a close_notify may block, and who speaks HTTP needs none.
  if (ssl_ != nullptr) SSL_free(ssl_);
  ssl_ = nullptr;
  if (fd_ >= 0) {
    drop_unsent(fd_);
    ::close(fd_);
  }
  fd_ = -1;
  next_ = filled_ = 0;
}

void Transport::heed_cancel() {
  if (!cancel_seen_ || grace_running_ || end_ != End::kNone) return;
  if (limits_.cancel_grace.count() > 0 && open() && reached_ &&
      (ssl_ == nullptr || SSL_is_init_finished(ssl_) != 0) && ::shutdown(fd_, SHUT_WR) == 0) {
    grace_running_ = half_closed_ = true;
    limits_.deadline = std::min(limits_.deadline, Clock::now() + limits_.cancel_grace);
  } else {
    end_ = End::kCancelled;
  }
}

bool Transport::limits_hold() {
  heed_cancel();
  if (end_ != End::kNone) return false;
  const auto now = Clock::now();
  if (now >= limits_.deadline) {
    end_ = grace_running_ ? End::kCancelled : End::kDeadline;
  } else if (limits_.idle.count() > 0 && now >= last_byte_ + limits_.idle) {
    end_ = End::kIdle;
  }
  return end_ == End::kNone;
}

bool Transport::wait(short events) {
  while (limits_hold()) {
    auto until = limits_.deadline;
    if (limits_.idle.count() > 0) until = std::min(until, last_byte_ + limits_.idle);
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now()).count();
    pollfd fds[] = {{fd_, events, 0}, {cancel_seen_ ? -1 : wakeup_, POLLIN, 0}};
    const int ready = poll(fds, 2, static_cast<int>(std::clamp<int64_t>(left, 0, INT_MAX)));
    if (ready < 0 && errno != EINTR) {
      end_ = End::kReset;
      return false;
    }
    if (ready > 0 && fds[0].revents != 0) {
      last_byte_ = Clock::now();
      return true;
    }
  }
  return false;
}

bool Transport::after_call(int error) {
  if (error == EINTR) return limits_hold();
  end_ = is_reset(error) ? End::kReset : End::kClosed;
  return false;
}

bool Transport::after_tls(int result) {
  const int error = errno;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return wait(POLLIN);
    case SSL_ERROR_WANT_WRITE:
      return wait(POLLOUT);
    case SSL_ERROR_ZERO_RETURN:
      end_ = End::kClosed;
      return false;
    case SSL_ERROR_SYSCALL:
      if (error != 0) return after_call(error);
      end_ = End::kClosed;
      return false;
    default:
      // The peer closed without a close_notify: to HTTP the same as a proper end in the wrong place.
      if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        end_ = End::kClosed;
      } else {
        end_ = End::kTls;
        tls_reason_ = openssl_reason();
      }
      ERR_clear_error();
      return false;
  }
}

ssize_t Transport::receive(char* out, size_t size) {
  size = std::min<size_t>(size, INT_MAX);
  last_byte_ = Clock::now();
  while (limits_hold()) {
    if (ssl_ != nullptr) {
      ERR_clear_error();
      errno = 0;
      const int count = SSL_read(ssl_, out, static_cast<int>(size));
      if (count > 0) {
        received_ += static_cast<uint64_t>(count);
        return count;
      }
      const bool proper_end = SSL_get_error(ssl_, count) == SSL_ERROR_ZERO_RETURN;
      if (!after_tls(count)) return proper_end ? 0 : -1;
    } else {
      const ssize_t count = recv(fd_, out, size, 0);
      if (count > 0) {
        received_ += static_cast<uint64_t>(count);
        return count;
      }
      if (count == 0) {
        end_ = End::kClosed;
        return 0;
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        if (!wait(POLLIN)) return -1;
      } else if (!after_call(errno)) {
        return -1;
      }
    }
  }
  return -1;
}

ssize_t Transport::read(char* out, size_t size) {
  if (next_ == filled_) {
    if (size >= buffer_.size()) return receive(out, size);
    const ssize_t count = receive(buffer_.data(), buffer_.size());
    if (count <= 0) return count;
    next_ = 0;
    filled_ = static_cast<size_t>(count);
  }
  const size_t taken = std::min(size, filled_ - next_);
  std::memcpy(out, buffer_.data() + next_, taken);
  next_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t Transport::write(const char* data, size_t size) {
  size = std::min<size_t>(size, INT_MAX);
  last_byte_ = Clock::now();
  while (limits_hold()) {
    if (ssl_ != nullptr) {
      ERR_clear_error();
      errno = 0;
      const int count = SSL_write(ssl_, data, static_cast<int>(size));
      if (count > 0) {
        sent_ += static_cast<uint64_t>(count);
        return count;
      }
      if (!after_tls(count)) {
        hear_alert();
        return -1;
      }
    } else {
      const ssize_t count = send(fd_, data, size, MSG_NOSIGNAL);
      if (count >= 0) {
        sent_ += static_cast<uint64_t>(count);
        return count;
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        if (!wait(POLLOUT)) return -1;
      } else if (!after_call(errno)) {
        return -1;
      }
    }
  }
  return -1;
}

// A server that refuses our certificate says so and closes; the close may be what we meet first.
void Transport::hear_alert() {
  if (end_ != End::kReset) return;
  char byte = 0;
  ERR_clear_error();
  errno = 0;
  const int count = SSL_read(ssl_, &byte, 1);
  if (count <= 0 && SSL_get_error(ssl_, count) == SSL_ERROR_SSL) (void)after_tls(count);
  if (end_ == End::kClosed) end_ = End::kReset;
}

bool Transport::usable() {
  if (!open() || !drained()) return false;
  char byte = 0;
  if (ssl_ == nullptr) {
    return recv(fd_, &byte, 1, MSG_PEEK) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }
  ERR_clear_error();
  const int count = SSL_peek(ssl_, &byte, 1);
  const bool quiet = count <= 0 && SSL_get_error(ssl_, count) == SSL_ERROR_WANT_READ;
  ERR_clear_error();
  return quiet;
}

Failure Transport::not_connected(milliseconds timeout, bool our_limit, const char* what) const {
  if (end_ == End::kCancelled) return {FailureKind::kCancelled, "cancelled"};
  if (our_limit)
    return {FailureKind::kTimeout, std::string(what) + " within " + std::to_string(timeout.count()) + " ms"};
  return {FailureKind::kTimeout, std::string(what) + " in time"};
}

std::optional<Failure> Transport::connect(const std::string& address, uint16_t port, const std::string& host,
                                          const TlsContext* tls, milliseconds timeout) {
  close();
  end_ = End::kNone;
  if (!limits_hold()) return not_connected(timeout, false, "no connection");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) return Failure{FailureKind::kDns, std::string("not an address: ") + gai_strerror(error)};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(list, &freeaddrinfo);
  fd_ = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) return refused(errno);
  set_keepalive(fd_);

  const auto failed = [&](Failure failure) {
    close();
    return failure;
  };
  int connected = ::connect(fd_, list->ai_addr, list->ai_addrlen) == 0 ? 0 : errno;
  if (connected == EINPROGRESS || connected == EINTR) {
    const auto deadline = limits_.deadline;
    limits_.deadline = std::min(deadline, Clock::now() + timeout);
    const bool ready = wait(POLLOUT);
    const bool our_limit = limits_.deadline < deadline;
    limits_.deadline = deadline;
    if (!ready) {
      if (end_ == End::kDeadline && our_limit) end_ = End::kNone;  // the next address may do
      return failed(not_connected(timeout, our_limit, "no connection"));
    }
    socklen_t size = sizeof connected;
    if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &connected, &size) != 0) connected = errno;
  }
  reached_ = connected == 0 || connected == ECONNRESET;
  if (connected == ECONNRESET)
    return failed({FailureKind::kClosed, "the connection was reset as soon as it was made"});
  if (connected != 0) return failed(refused(connected));
  return tls == nullptr ? std::nullopt : secure(host, *tls, timeout);
}

std::optional<Failure> Transport::secure(const std::string& host, const TlsContext& tls,
                                         milliseconds timeout) {
  sent_ = received_ = 0;
  auto failure = shake_hands(host, tls, timeout);
  if (failure) close();
  return failure;
}

std::optional<Failure> Transport::shake_hands(const std::string& host, const TlsContext& tls,
                                              milliseconds timeout) {
  ssl_ = tls.open(fd_, host);
  if (ssl_ == nullptr)
    return Failure{FailureKind::kTls, "can't set up TLS for this host: " + openssl_reason()};
  const auto deadline = limits_.deadline;
  limits_.deadline = std::min(deadline, Clock::now() + timeout);
  const bool our_limit = limits_.deadline < deadline;
  int done = 0;
  bool again = true;
  while (again) {
    ERR_clear_error();
    errno = 0;
    done = SSL_connect(ssl_);
    again = done != 1 && after_tls(done);
  }
  limits_.deadline = deadline;
  if (done == 1) return std::nullopt;
  if (end_ == End::kDeadline || end_ == End::kIdle || end_ == End::kCancelled) {
    return not_connected(timeout, our_limit && end_ == End::kDeadline, "no TLS connection");
  }
  if (const long verified = SSL_get_verify_result(ssl_);
      end_ == End::kTls && verified != X509_V_OK && (SSL_get_verify_mode(ssl_) & SSL_VERIFY_PEER) != 0) {
    const std::string hint = tls.own_ca() ? "" : "; name its CA with a CA file, if you trust it";
    return Failure{FailureKind::kTlsUntrusted, std::string("TLS certificate not trusted: ") +
                                                   X509_verify_cert_error_string(verified) + hint};
  }
  std::string reason = tls_reason_;
  if (reason.empty()) reason = "the connection closed during the handshake";
  if (reason == "wrong version number" || reason == "packet length too long")
    reason += " (is it a plain http server?)";
  return Failure{FailureKind::kTls, "no TLS connection: " + reason};
}

}  // namespace edp::http
