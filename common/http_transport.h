// Inside of common: bytes to and from one peer over TCP or TLS, with an end to every wait.
#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/cancel.h"
#include "common/http.h"
#include "common/http_tls.h"

namespace edp::http {

// Used by one thread at a time. The socket never blocks: each wait is a poll() that also hears of a cancel
// and ends at the nearest limit, so that no second thread is needed to break it off.
class Transport {
 public:
  using Clock = std::chrono::steady_clock;

  struct Limits {
    Clock::time_point deadline;
    std::chrono::milliseconds idle{0};          // no byte in or out for so long; 0: never
    std::chrono::milliseconds cancel_grace{0};  // see Request::cancel_grace
  };
  // Why nothing more comes or goes.
  enum class End { kNone, kClosed, kReset, kDeadline, kIdle, kCancelled, kTls };

  Transport();
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // What happens until end_exchange() keeps to these. `cancel` is heard in between. `idle` counts while we
  // wait, not while the caller is busy with what came.
  void begin_exchange(const Limits& limits, const CancelToken& cancel);
  void end_exchange();

  // To a numeric address; `tls` null: plain. `host` is who we expect there. Closed before; open afterwards
  // where there is no failure.
  std::optional<Failure> connect(const std::string& address, uint16_t port, const std::string& host,
                                 const TlsContext* tls, std::chrono::milliseconds timeout);
  // TLS with `host` over what connect() has opened, as it does itself where `tls` is given. Bytes count anew.
  std::optional<Failure> secure(const std::string& host, const TlsContext& tls,
                                std::chrono::milliseconds timeout);
  void close();
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  [[nodiscard]] bool reached() const { return reached_; }  // TCP (not TLS) was there in this exchange
  // Kept from an earlier exchange: the peer has neither closed it nor said anything since.
  [[nodiscard]] bool usable();

  // As the system calls: the count, 0 at the peer's proper end, -1 where end() says why.
  ssize_t read(char* out, size_t size);
  ssize_t write(const char* data, size_t size);

  [[nodiscard]] End end() const { return end_; }
  // What can't be written may still be answered.
  void forget_end() { end_ = End::kNone; }
  [[nodiscard]] const std::string& tls_reason() const { return tls_reason_; }
  [[nodiscard]] bool half_closed() const { return half_closed_; }
  [[nodiscard]] uint64_t sent() const { return sent_; }          // in this exchange, of the request's bytes
  [[nodiscard]] uint64_t received() const { return received_; }  // in this exchange, of the answer's
  [[nodiscard]] bool drained() const { return next_ == filled_; }

 private:
  bool limits_hold();          // false: end_ says which does not
  bool wait(short events);     // until the socket is ready; false: end_ says why not
  bool after_tls(int result);  // whether to try again what SSL_... answered with an error
  bool after_call(int error);  // the same for a system call
  void heed_cancel();
  void hear_alert();
  ssize_t receive(char* out, size_t size);
  std::optional<Failure> shake_hands(const std::string& host, const TlsContext& tls,
                                     std::chrono::milliseconds timeout);
  [[nodiscard]] Failure not_connected(std::chrono::milliseconds timeout, bool our_limit,
                                      const char* what) const;

  int fd_ = -1;
  SSL* ssl_ = nullptr;
  int wakeup_ = -1;  // an eventfd: cancelled
  CancelToken::Subscription cancelled_;
  std::atomic<bool> cancel_seen_{false};

  Limits limits_;
  Clock::time_point last_byte_;
  bool grace_running_ = false;
  bool half_closed_ = false;
  bool reached_ = false;
  End end_ = End::kNone;
  std::string tls_reason_;
  uint64_t sent_ = 0;
  uint64_t received_ = 0;

  std::array<char, 4096> buffer_{};  // lines are read byte by byte
  size_t next_ = 0;
  size_t filled_ = 0;
};

}  // namespace edp::http
