#include <algorithm>
#include <cmath>
#include <cstdio>

#include "operator/reconcile/policy.h"

namespace edp::reconcile {
namespace {

std::string text(const char* format, auto... values) {
  char buffer[200];
  const int size = std::snprintf(buffer, sizeof buffer, format, values...);
  return {buffer, static_cast<size_t>(std::clamp(size, 0, static_cast<int>(sizeof buffer) - 1))};
}

double share(const Side& side) {
  return side.samples == 0 ? 0 : static_cast<double>(side.failures) / static_cast<double>(side.samples);
}

// One-sided, 99%: is the canary's share of failures surely above the rest's?
bool surely_more(const Side& canary, const Side& rest) {
  const auto n = static_cast<double>(canary.samples), m = static_cast<double>(rest.samples);
  const double pooled = static_cast<double>(canary.failures + rest.failures) / (n + m);
  const double deviation = std::sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return deviation > 0 && (share(canary) - share(rest)) / deviation > 2.326;
}

std::string figures(const Side& side) {
  return text("%zu pods, %zu probes, p50 %.1f ms, p99 %.1f ms, %.1f%% failed, %lld restarts", side.pods,
              side.samples, side.p50_ms, side.p99_ms, share(side) * 100,
              static_cast<long long>(side.restarts));
}

bool slower(double canary, double rest, const CanaryLimits& limits) {
  return canary > rest * limits.latency_factor && canary > rest + limits.latency_floor_ms;
}

}  // namespace

CanaryVerdict judge_canary(const Side& canary, const Side& rest, const CanaryLimits& limits) {
  const std::string both = "canary " + figures(canary) + "; rest " + figures(rest);
  using Kind = CanaryVerdict::Kind;
  if (canary.pods == 0 || rest.pods == 0) {
    return {.kind = Kind::kCannotTell, .reason = "NoOtherPods", .message = both};
  }
  // A restart needs no statistics, if the rest did not restart as often.
  const double canary_restarts = static_cast<double>(canary.restarts) / static_cast<double>(canary.pods);
  const double rest_restarts = static_cast<double>(rest.restarts) / static_cast<double>(rest.pods);
  if (canary.restarts >= 2 && canary_restarts > 2 * rest_restarts) {
    return {.kind = Kind::kWorse, .reason = "MoreRestarts", .message = both};
  }
  if (canary.samples < limits.min_samples || rest.samples < limits.min_samples) {
    return {.kind = Kind::kCannotTell, .reason = "NotEnoughSamples", .message = both};
  }
  if (share(canary) > share(rest) + limits.error_points && surely_more(canary, rest)) {
    return {.kind = Kind::kWorse, .reason = "MoreErrors", .message = both};
  }
  // Without a single success on either side there is no latency to compare.
  if (canary.failures < canary.samples && rest.failures < rest.samples &&
      slower(canary.p50_ms, rest.p50_ms, limits)) {
    return {.kind = Kind::kWorse, .reason = "Slower", .message = both};
  }
  return {.kind = Kind::kHealthy, .reason = "Healthy", .message = both};
}

}  // namespace edp::reconcile
