// A diagnostic profile: what a run collects, judges and gates on. YAML, the same keys as the
// DiagnosticProfile resource's spec. Built in: local, prod-k8s, light.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/masking/masker.h"
#include "common/result.h"
#include "runner/config/thresholds.h"

namespace edp::config {

struct DiagnosticProfile {
  std::string name;
  std::string description;
  std::vector<std::string> collectors;
  // Taken at the end, and only when the goroutine profile shows at least so many goroutines waiting for
  // locks.
  std::vector<std::string> on_demand;
  int on_demand_blocked = 10;
  double duration_seconds = 30;    // the window of cpu and delta profiles
  double trace_milliseconds = 80;  // one trace window; G2: under 100 ms
  int trace_repeats = 3;
  // Where below the service a flight recorder's trace is served, asked for before windows are; empty: not
  // asked.
  std::string flight_recorder = "/debug/flightrecorder";
  double timeout_seconds = 180;                     // for the whole run
  double collector_timeout_seconds = 60;            // beyond a collector's own window
  uint64_t max_bytes = uint64_t{256} << 20;         // of one collector's answer
  uint64_t max_inflated_bytes = uint64_t{4} << 30;  // of one profile once decompressed
  std::string gate = "CRITICAL";
  std::string mutex_sampling;      // the strategy (G8) that the target is expected to follow, in words
  std::vector<std::string> rules;  // empty = all
  std::vector<std::string> rules_off;
  std::map<std::string, double, std::less<>> thresholds;
  std::vector<masking::OwnPattern> masking;  // beyond what is always masked
  std::string audit_log;                     // a file, or - for standard output; empty: none

  [[nodiscard]] Thresholds threshold_values() const { return Thresholds(thresholds); }
};

// The names that a profile may use; anything else is an error with its line and the nearest known name.
struct KnownNames {
  std::vector<std::string> collectors, rules, thresholds;
};

// `where` names the text in errors.
Result<DiagnosticProfile> parse_profile(const std::string& yaml, std::string_view where,
                                        const KnownNames& known);

// A built-in name, "env:VAR" for the text in an environment variable, or the path of a file.
Result<std::string> profile_text(const std::string& name_or_path);

std::vector<std::string> builtin_profiles();

// The known name nearest to a mistyped one; empty where none is near.
std::string nearest(std::string_view name, std::span<const std::string> known);

}  // namespace edp::config
