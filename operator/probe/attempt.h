// One probe of one target on one non-blocking socket. Whoever owns the epoll set calls go_on() when the
// socket is ready; the deadline is the owner's, too.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "operator/probe/prober.h"
#include "operator/probe/response_head.h"

namespace edp::probe {

class Attempt {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Wants : uint8_t { kRead, kWrite, kNothing };  // kNothing: finished, the socket may go

  // `tls`: borrowed; used for kHttps.
  Attempt(const Target& target, const std::string& user_agent, SSL_CTX* tls, Clock::time_point now);
  ~Attempt();
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  // Opens the socket and begins to connect.
  Wants begin();
  Wants go_on(Clock::time_point now);
  // Ends it from outside: the deadline has passed; the address is not allowed (instead of begin()); the
  // socket can't be watched. What was decided stays.
  void time_out(Clock::time_point now) { fail(ErrorKind::kTimeout, now); }
  void refuse(Clock::time_point now) { fail(ErrorKind::kAddress, now); }
  void give_up(Clock::time_point now) { fail(ErrorKind::kLocal, now); }

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] Clock::time_point started() const { return started_; }
  // Known before the end of a probe: what is left of a small answer is then read, so that the target is not
  // cut off in mid-sentence.
  [[nodiscard]] bool decided() const { return decided_; }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] ErrorKind error() const { return error_; }
  [[nodiscard]] uint16_t status() const { return status_; }
  [[nodiscard]] std::chrono::microseconds latency() const { return latency_; }

 private:
  enum class Stage : uint8_t { kConnect, kHandshake, kSend, kReceive, kDrain, kEnd };
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  Wants finish_connect(Clock::time_point now);
  Wants handshake(Clock::time_point now);
  Wants send(Clock::time_point now);
  Wants receive(Clock::time_point now);
  Wants fail(ErrorKind error, Clock::time_point now);
  Wants fail_errno(int error, Clock::time_point now);
  void decide(bool ok, ErrorKind error, Clock::time_point now);
  // As read(2): above 0: bytes; 0: end; -1: see `wants`, kNothing for an error.
  int read_some(char* buffer, int size, Wants& wants);

  const Target& target_;  // used by the constructor and begin() only
  const bool http_;
  const Clock::time_point started_;
  SSL_CTX* const tls_;
  std::string request_;
  size_t sent_ = 0, drained_ = 0;
  int fd_ = -1;
  std::unique_ptr<SSL, Free> ssl_;
  ResponseHead head_;
  Stage stage_ = Stage::kConnect;
  bool decided_ = false, ok_ = false, heard_ = false;
  ErrorKind error_ = ErrorKind::kNone;
  uint16_t status_ = 0;
  std::chrono::microseconds latency_{};
};

// "GET /healthz HTTP/1.1..." with whatever does not belong into a request line percent-encoded.
std::string probe_request(const Target& target, const std::string& user_agent);

}  // namespace edp::probe
