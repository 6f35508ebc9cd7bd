// The clock of leases: CLOCK_BOOTTIME, so that the time for which a machine was suspended counts.
#pragma once

#include <chrono>

#include "common/cancel.h"

namespace edp::leader {

using Duration = std::chrono::nanoseconds;
using BootTime =
    std::chrono::time_point<std::chrono::steady_clock, Duration>;  // never compared with steady_clock

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  [[nodiscard]] virtual BootTime now() const = 0;
  // Only written into the record, for people; decides nothing.
  [[nodiscard]] virtual std::chrono::system_clock::time_point wall() const = 0;
  // True when cut short by the token.
  virtual bool sleep(Duration duration, const CancelToken& cancel) const = 0;
};

class SystemClock : public Clock {
 public:
  [[nodiscard]] BootTime now() const override;
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override;
  bool sleep(Duration duration, const CancelToken& cancel) const override;
};

}  // namespace edp::leader
