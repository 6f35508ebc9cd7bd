// /healthz and /readyz. A heartbeat that is older than its limit (a watch that has stalled, a loop that is
// stuck) fails both; a gate that is closed (not synced yet, shutting down) fails /readyz only.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <string>
#include <string_view>

#include "common/mutex.h"

namespace edp::publish {

class Health {
 public:
  using Clock = std::chrono::steady_clock;
  using Now = std::function<Clock::time_point()>;

  class Key {  // so that only Health makes them
    friend class Health;
    Key() = default;
  };

  // Counts as beaten when it is made. Members may be called from any thread.
  class Heartbeat {
   public:
    void beat();
    // No beat is expected any more, until the next beat(): the work is not this replica's for now.
    void pause();

    Heartbeat(Key key, std::string name, Clock::duration limit, const Now& now);

   private:
    friend class Health;
    const std::string name_;
    const Clock::duration limit_;
    const Now& now_;
    std::atomic<Clock::rep> last_;  // kPaused: paused
  };
  class Gate {
   public:
    void open();
    void close(std::string why);

    Gate(Key key, std::string name, std::string why);

   private:
    friend class Health;
    const std::string name_;
    Mutex mutex_;
    bool open_ EDP_GUARDED_BY(mutex_) = false;
    std::string why_ EDP_GUARDED_BY(mutex_);
  };

  struct Verdict {
    bool ok = true;  // 200, else 500
    std::string
        text;  // "[+]watch-pods ok\n[-]control failed: no sign of life for 31 s\nhealthz check failed\n"
  };

  explicit Health(Now now = Clock::now);
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;

  // References live as long as the Health. Names: lower case with dashes.
  Heartbeat& heartbeat(std::string name, Clock::duration limit);
  Gate& gate(std::string name, std::string why_closed = "not yet");

  [[nodiscard]] Verdict healthz() const;
  [[nodiscard]] Verdict readyz() const;

 private:
  [[nodiscard]] Verdict judge(std::string_view endpoint, bool gates) const;
  const Now now_;
  mutable Mutex mutex_;
  mutable std::list<Heartbeat> heartbeats_ EDP_GUARDED_BY(mutex_);
  mutable std::list<Gate> gates_ EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::publish
