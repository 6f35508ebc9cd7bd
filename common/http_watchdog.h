// Inside of common/http: ends an exchange from outside, at its deadline or on cancel.
#pragma once

#include <chrono>
#include <thread>

#include "common/cancel.h"
#include "common/mutex.h"

namespace edp::http {

// cpp-httplib's own stop() is lost before the request has begun and blocks while it connects, and its read
// timeout begins anew with each byte. So this shuts down a duplicate of the socket, which stays valid
// whatever cpp-httplib does to its own, again and again until the exchange is over.
class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Cause { kNone, kDeadline, kCancel };

  // `grace`: see Request::cancel_grace. Throws std::system_error where no thread can be had.
  Watchdog(Clock::time_point deadline, std::chrono::milliseconds grace, const CancelToken& cancel);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // From now on this socket is the one; called before it connects.
  void watch(int socket);

  [[nodiscard]] Cause ended();        // why the exchange was ended, where it was
  [[nodiscard]] bool half_closed();   // the peer was told that nothing more comes
  [[nodiscard]] bool heard_a_byte();  // the peer has sent something but its end

 private:
  void on_cancel();
  void run();

  Mutex mutex_;
  CondVar changed_;
  Clock::time_point deadline_ EDP_GUARDED_BY(mutex_);
  const std::chrono::milliseconds grace_;
  int fd_ EDP_GUARDED_BY(mutex_) = -1;
  bool done_ EDP_GUARDED_BY(mutex_) = false;
  bool cancel_seen_ EDP_GUARDED_BY(mutex_) = false;
  bool half_closed_ EDP_GUARDED_BY(mutex_) = false;
  Cause ended_ EDP_GUARDED_BY(mutex_) = Cause::kNone;
  std::thread thread_;
  CancelToken::Subscription cancelled_;
};

}  // namespace edp::http
