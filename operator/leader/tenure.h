// Until when this process may act as the leader. The elector writes it, fences read it.
#pragma once

#include <atomic>

#include "operator/leader/clock.h"

namespace edp::leader {

class Tenure {
 public:
  // How long writes are still safe; not positive: they are not.
  [[nodiscard]] Duration remaining(BootTime now) const {
    return Duration(until_.load(std::memory_order_acquire)) - now.time_since_epoch();
  }
  [[nodiscard]] bool held(BootTime now) const { return remaining(now) > Duration::zero(); }

  void extend(BootTime until) { until_.store(until.time_since_epoch().count(), std::memory_order_release); }
  void end() { until_.store(0, std::memory_order_release); }

 private:
  std::atomic<Duration::rep> until_{0};
};

}  // namespace edp::leader
