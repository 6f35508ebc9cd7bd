// Until when this process may act as the leader. The elector writes it, fences read it.
#pragma once

#include <atomic>

#include "operator/leader/clock.h"

namespace edp::leader {

class Tenure {
 public:
  // How long writes are still safe; not positive: they are not.
  [[nodiscard]] Duration remaining(BootTime now) const {
    return Duration(until_.load()) - now.time_since_epoch();
  }
  [[nodiscard]] bool held(BootTime now) const { return remaining(now) > Duration::zero(); }

  void extend(BootTime until) { until_.store(until.time_since_epoch().count()); }
  void end() { until_.store(0); }

  // A write is counted before its fence looks at remaining(). So once end() has returned and writing() is 0,
  // no write of this tenure is under way, and the lease may be given to another.
  class Write {
   public:
    explicit Write(const Tenure& tenure) : tenure_(tenure) { ++tenure_.writing_; }
    ~Write() { --tenure_.writing_; }
    Write(const Write&) = delete;
    Write& operator=(const Write&) = delete;

   private:
    const Tenure& tenure_;
  };
  [[nodiscard]] int writing() const { return writing_.load(); }

 private:
  std::atomic<Duration::rep> until_{0};
  mutable std::atomic<int> writing_{0};
};

}  // namespace edp::leader
