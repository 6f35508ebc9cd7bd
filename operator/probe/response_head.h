// The head of an HTTP/1.x response, read as it comes: only its status matters to a health probe, and that it
// is HTTP, and that it ends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace edp::probe {

class ResponseHead {
 public:
  static constexpr size_t kMax = 4096;  // of all heads together, interim ones (1xx) too
  enum class State : uint8_t { kMore, kDone, kBad, kTooLong };

  // Takes bytes cut anywhere; what follows the head is of no interest. After anything but kMore, no more is
  // taken.
  State feed(std::string_view bytes);
  [[nodiscard]] int status() const { return status_; }  // after kDone

 private:
  std::string text_;
  size_t taken_ = 0;
  int status_ = 0;
};

}  // namespace edp::probe
