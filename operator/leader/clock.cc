#include "operator/leader/clock.h"

#include <ctime>

namespace edp::leader {

BootTime SystemClock::now() const {
  timespec time{};
  (void)clock_gettime(CLOCK_BOOTTIME, &time);
  return BootTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

std::chrono::system_clock::time_point SystemClock::wall() const { return std::chrono::system_clock::now(); }

bool SystemClock::sleep(Duration duration, const CancelToken& cancel) const {
  return cancel.sleep_for(duration);
}

}  // namespace edp::leader
