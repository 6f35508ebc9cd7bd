#include "operator/probe/breach.h"

#include <algorithm>
#include <limits>

namespace edp::probe {
namespace {

void count(uint16_t& in_a_row, bool more) {
  in_a_row = more ? static_cast<uint16_t>(std::min<int>(in_a_row + 1, std::numeric_limits<uint16_t>::max()))
                  : uint16_t{0};
}

}  // namespace

std::string_view to_string(BreachKind kind) {
  switch (kind) {
    case BreachKind::kFailures:
      return "failures";
    case BreachKind::kLatency:
      return "latency";
    case BreachKind::kNone:
      break;
  }
  return "none";
}

BreachDetector::Change BreachDetector::add(const BreachLimits& limits, bool ok,
                                           std::chrono::microseconds latency) {
  const bool judged = limits.latency.count() > 0;
  count(failed_, !ok);
  count(slow_, ok && judged && latency > limits.latency);
  // After failures any answer is good; after slowness, one well below the limit.
  count(good_, ok && (breach_ != BreachKind::kLatency || !judged || latency * 5 < limits.latency * 4));
  const auto reached = [](uint16_t in_a_row, int32_t limit) { return in_a_row >= std::max(limit, 1); };
  if (breach_ == BreachKind::kNone) {
    if (reached(failed_, limits.failures)) {
      breach_ = BreachKind::kFailures;
    } else if (reached(slow_, limits.slow)) {
      breach_ = BreachKind::kLatency;
    } else {
      return Change::kNone;
    }
    good_ = 0;
    return Change::kBegins;
  }
  const int32_t needed = breach_ == BreachKind::kFailures ? limits.failures : limits.slow;
  if (!reached(good_, needed)) return Change::kNone;
  breach_ = BreachKind::kNone;
  slow_ = 0;  // an end is told before another breach begins
  return Change::kEnds;
}

}  // namespace edp::probe
