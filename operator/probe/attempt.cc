#include "operator/probe/attempt.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace edp::probe {
namespace {

constexpr size_t kDrainMost = 16 << 10;
constexpr size_t kRequestMost = 4 << 10;

ErrorKind kind_of(int error) {
  switch (error) {
    case ECONNREFUSED:
      return ErrorKind::kRefused;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
      return ErrorKind::kReset;
    case ETIMEDOUT:
      return ErrorKind::kTimeout;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
      return ErrorKind::kUnreachable;
    default:
      return ErrorKind::kLocal;
  }
}

}  // namespace

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNone:
      return "none";
    case ErrorKind::kAddress:
      return "address";
    case ErrorKind::kRefused:
      return "refused";
    case ErrorKind::kUnreachable:
      return "unreachable";
    case ErrorKind::kTimeout:
      return "timeout";
    case ErrorKind::kReset:
      return "reset";
    case ErrorKind::kTls:
      return "tls";
    case ErrorKind::kProtocol:
      return "protocol";
    case ErrorKind::kTooLong:
      return "too_long";
    case ErrorKind::kStatus:
      return "status";
    case ErrorKind::kLocal:
      break;
  }
  return "local";
}

std::string probe_request(const Target& target, const std::string& user_agent) {
  std::string out = "GET ";
  const std::string_view path = target.path.view();
  if (!path.starts_with('/')) out += '/';
  for (const char c : path) {
    if (c > ' ' && c < 0x7f && c != '#') {
      out += c;
    } else {
      static constexpr char kHex[] = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  const bool v6 = target.ip.find(':') != std::string::npos;
  out += " HTTP/1.1\r\nHost: " + (v6 ? "[" + target.ip + "]" : target.ip) + ":" + std::to_string(target.port);
  return out + "\r\nUser-Agent: " + user_agent + "\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

Attempt::Attempt(const Target& target, const std::string& user_agent, SSL_CTX* tls, Clock::time_point now)
    : target_(target),
      http_(target.kind != Kind::kTcp),
      started_(now),
      tls_(target.kind == Kind::kHttps ? tls : nullptr) {
  if (http_) request_ = probe_request(target, user_agent);
}

Attempt::~Attempt() {
  if (fd_ >= 0) close(fd_);
}

void Attempt::decide(bool ok, ErrorKind error, Clock::time_point now) {
  if (decided_) return;
  decided_ = true;
  ok_ = ok;
  error_ = error;
  if (status_ == 0) latency_ = std::chrono::duration_cast<std::chrono::microseconds>(now - started_);
}
Attempt::Wants Attempt::fail(ErrorKind error, Clock::time_point now) {
  decide(false, error, now);
  stage_ = Stage::kEnd;
  return Wants::kNothing;
}
Attempt::Wants Attempt::fail_errno(int error, Clock::time_point now) {
  ErrorKind kind = kind_of(error);
  if (stage_ == Stage::kConnect && kind == ErrorKind::kReset) kind = ErrorKind::kRefused;
  return fail(kind, now);
}

Attempt::Wants Attempt::begin() {
  sockaddr_storage address{};
  socklen_t size = 0;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
  if (inet_pton(AF_INET, target_.ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(target_.port);
    size = sizeof *v4;
  } else if (inet_pton(AF_INET6, target_.ip.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(target_.port);
    size = sizeof *v6;
  } else {
    return fail(ErrorKind::kAddress, started_);
  }
  if (request_.size() > kRequestMost) return fail(ErrorKind::kLocal, started_);
  fd_ = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return fail(ErrorKind::kLocal, started_);
  const int on = 1;
  (void)setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0 && errno != EINPROGRESS)
    return fail_errno(errno, started_);
  return Wants::kWrite;
}

Attempt::Wants Attempt::go_on(Clock::time_point now) {
  switch (stage_) {
    case Stage::kConnect:
      return finish_connect(now);
    case Stage::kHandshake:
      return handshake(now);
    case Stage::kSend:
      return send(now);
    case Stage::kReceive:
    case Stage::kDrain:
      return receive(now);
    case Stage::kEnd:
      break;
  }
  return Wants::kNothing;
}

Attempt::Wants Attempt::finish_connect(Clock::time_point now) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return fail_errno(error, now);
  if (!http_) {
    decide(true, ErrorKind::kNone, now);
    stage_ = Stage::kEnd;
    return Wants::kNothing;
  }
  if (tls_ == nullptr) {
    stage_ = Stage::kSend;
    return send(now);
  }
  ssl_.reset(SSL_new(tls_));
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd_) != 1) return fail(ErrorKind::kLocal, now);
  stage_ = Stage::kHandshake;
  return handshake(now);
}

Attempt::Wants Attempt::handshake(Clock::time_point now) {
  ERR_clear_error();
  const int result = SSL_connect(ssl_.get());
  if (result == 1) {
    stage_ = Stage::kSend;
    return send(now);
  }
  const int error = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ) return Wants::kRead;
  if (error == SSL_ERROR_WANT_WRITE) return Wants::kWrite;
  return fail(ErrorKind::kTls, now);
}

Attempt::Wants Attempt::send(Clock::time_point now) {
  while (sent_ < request_.size()) {
    const size_t left = request_.size() - sent_;
    ssize_t count = 0;
    if (ssl_) {
      ERR_clear_error();
      count = SSL_write(ssl_.get(), request_.data() + sent_, static_cast<int>(left));
      if (count <= 0) {
        const int error = SSL_get_error(ssl_.get(), static_cast<int>(count));
        ERR_clear_error();
        if (error == SSL_ERROR_WANT_READ) return Wants::kRead;
        if (error == SSL_ERROR_WANT_WRITE) return Wants::kWrite;
        return fail(ErrorKind::kReset, now);
      }
    } else {
      count = ::send(fd_, request_.data() + sent_, left, MSG_NOSIGNAL);
      if (count < 0) {
        if (errno == EAGAIN || errno == EINTR) return Wants::kWrite;
        return fail_errno(errno, now);
      }
    }
    sent_ += static_cast<size_t>(count);
  }
  request_ = std::string();
  sent_ = 0;
  stage_ = Stage::kReceive;
  return Wants::kRead;
}

int Attempt::read_some(char* buffer, int size, Wants& wants) {
  wants = Wants::kNothing;
  if (!ssl_) {
    const ssize_t count = recv(fd_, buffer, static_cast<size_t>(size), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) wants = Wants::kRead;
    return static_cast<int>(count);
  }
  ERR_clear_error();
  const int count = SSL_read(ssl_.get(), buffer, size);
  if (count > 0) return count;
  const int error = SSL_get_error(ssl_.get(), count);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ) wants = Wants::kRead;
  if (error == SSL_ERROR_WANT_WRITE) wants = Wants::kWrite;
  return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

Attempt::Wants Attempt::receive(Clock::time_point now) {
  std::array<char, 2048> buffer;
  for (;;) {
    Wants wants = Wants::kNothing;
    const int count = read_some(buffer.data(), static_cast<int>(buffer.size()), wants);
    if (count < 0 && wants != Wants::kNothing) return wants;
    if (stage_ == Stage::kDrain) {
      drained_ += count > 0 ? static_cast<size_t>(count) : 0;
      if (count > 0 && drained_ < kDrainMost) continue;
      stage_ = Stage::kEnd;
      return Wants::kNothing;
    }
    if (count <= 0) return fail(ErrorKind::kReset, now);
    if (!heard_) {
      latency_ = std::chrono::duration_cast<std::chrono::microseconds>(now - started_);
      heard_ = true;
    }
    switch (head_.feed({buffer.data(), static_cast<size_t>(count)})) {
      case ResponseHead::State::kMore:
        continue;
      case ResponseHead::State::kBad:
        return fail(ErrorKind::kProtocol, now);
      case ResponseHead::State::kTooLong:
        return fail(ErrorKind::kTooLong, now);
      case ResponseHead::State::kDone:
        break;
    }
    status_ = static_cast<uint16_t>(head_.status());
    const bool good = status_ >= 200 && status_ < 400;
    decide(good, good ? ErrorKind::kNone : ErrorKind::kStatus, now);
    stage_ = Stage::kDrain;
  }
}

}  // namespace edp::probe
