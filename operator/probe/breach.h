// When a target counts as broken: so many failures in a row, or so many answers in a row above the latency
// limit. It ends after as many good ones in a row; after slowness, good means below 80% of the limit, so that
// a target at the edge does not flap.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace edp::probe {

struct BreachLimits {
  int32_t failures = 3;                          // in a row; below 1 counts as 1
  std::chrono::microseconds latency{1'000'000};  // 0: latency never breaches
  int32_t slow = 3;                              // results in a row above the latency
};

enum class BreachKind : uint8_t { kNone, kFailures, kLatency };
std::string_view to_string(BreachKind kind);  // "none", "failures", "latency"

// One a target, eight bytes.
class BreachDetector {
 public:
  enum class Change : uint8_t { kNone, kBegins, kEnds };
  Change add(const BreachLimits& limits, bool ok, std::chrono::microseconds latency);
  [[nodiscard]] BreachKind breach() const { return breach_; }

 private:
  uint16_t failed_ = 0, slow_ = 0, good_ = 0;  // in a row
  BreachKind breach_ = BreachKind::kNone;
};

}  // namespace edp::probe
