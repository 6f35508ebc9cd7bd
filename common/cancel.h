// Cancellation of running work, from another thread or by SIGINT/SIGTERM.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace edp {

// Shared by whoever may stop a piece of work and whoever does it. Set once, never taken back. Copies mean the
// same token. All members may be called from any thread; none from a signal handler (see SignalCancel).
class CancelToken {
  struct State;

 public:
  using Clock = std::chrono::steady_clock;

  // Keeps a callback alive; when it is destroyed, the callback is not running and will not run again.
  // Must not be destroyed from within its own callback.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&& other) noexcept;
    Subscription& operator=(Subscription&& other) noexcept;
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    ~Subscription();

   private:
    friend class CancelToken;
    std::shared_ptr<State> state_;
    uint64_t id_ = 0;
  };

  CancelToken();

  // The first call wakes all sleepers and runs the callbacks on this thread; later ones do nothing.
  void cancel() const;
  [[nodiscard]] bool cancelled() const;

  // Sleeps; true when it was cut short (or refused at once) by cancel().
  [[nodiscard]] bool sleep_until(Clock::time_point when) const;
  [[nodiscard]] bool sleep_for(Clock::duration duration) const;

  // Runs `callback` on cancel(), or at once on this thread where that has happened already. The callback must
  // be short and must not throw; it may not subscribe to or cancel this token.
  [[nodiscard]] Subscription on_cancel(std::function<void()> callback) const;

 private:
  std::shared_ptr<State> state_;
};

// While it lives, the first SIGINT or SIGTERM cancels the token, and the second ends the process as it would
// have without this object: whoever presses Ctrl-C twice means it. One at a time in a process.
class SignalCancel {
 public:
  explicit SignalCancel(CancelToken token);
  ~SignalCancel();
  SignalCancel(const SignalCancel&) = delete;
  SignalCancel& operator=(const SignalCancel&) = delete;

  // The signal that arrived, 0 where none did.
  [[nodiscard]] int signal() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp
