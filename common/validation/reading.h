// What a ticket and its validation need of a report (edp.report/v1): findings, outcomes of rules, and the
// figures by which the load of two runs is compared. Flame trees and tables of goroutines are passed over
// while parsing, so a report of megabytes costs little.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace edp::validation {

struct Finding {
  std::string rule, severity, title, summary, advice, fingerprint;
  std::string function;               // of its location
  std::string location;               // "main.(*Cache).Put cache.go:57"
  std::vector<std::string> evidence;  // "CPU in stores: 52.2 percent (threshold 10, sampled)"
};

// A profile's totals over its window, less what the functions that asked to be left out account for.
struct ProfileFigures {
  std::string kind;  // "cpu", "heap", "allocs"
  bool delta = false;
  double window_seconds = 0, taken_at = 0;
  int64_t samples = 0;
  std::vector<std::pair<std::string, int64_t>> totals;           // sample type -> total
  std::map<std::string, std::vector<int64_t>, std::less<>> cum;  // function -> one for each sample type
};

struct Reading {
  std::string run_id, profile;
  std::vector<Finding> findings;
  std::map<std::string, std::pair<std::string, std::string>, std::less<>> rules;  // id -> status, reason
  std::vector<ProfileFigures> profiles;
};

inline constexpr size_t kMaxReportBytes = size_t{32} << 20;

// A report of one target; of a report of several the first target's figures, and all findings.
Result<Reading> read_report(std::string_view json);

}  // namespace edp::validation
