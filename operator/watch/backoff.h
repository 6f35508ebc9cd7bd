// Waits that double from failure to failure, up to a limit, shortened at random so that many don't come at
// once.
#pragma once

#include <algorithm>
#include <chrono>

namespace edp::watch {

class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds most) : first_(first), most_(most) {}

  void reset() { next_ = std::chrono::milliseconds(0); }
  // `random` in [0, 1): between half and all of the doubled wait, never less than the first.
  std::chrono::milliseconds next(double random) {
    next_ = next_.count() == 0 ? first_ : std::min(next_ * 2, most_);
    const auto wait = std::chrono::milliseconds(
        static_cast<int64_t>(static_cast<double>(next_.count()) * (0.5 + random / 2)));
    return std::max(wait, std::min(first_, most_));
  }

 private:
  std::chrono::milliseconds first_, most_;
  std::chrono::milliseconds next_{0};
};

}  // namespace edp::watch
