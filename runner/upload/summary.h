// What a run leaves for whoever started it as a pod: edp.summary/v1, small enough for the pod's termination
// message (the kubelet passes on 4,096 bytes).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/result.h"
#include "runner/model/report.h"

namespace edp::upload {

constexpr size_t kMaxSummary = 4000;

struct SummaryFinding {
  std::string rule, severity, title, location, fingerprint;
};

struct Summary {
  int exit_status = 1;  // by the contract, whatever the process itself exits with
  size_t critical = 0, warning = 0, info = 0;
  std::vector<SummaryFinding> worst;  // worst first, at most five are kept
  std::string digest;                 // "sha256:..." of the JSON report; empty: none was made
  bool uploaded = false;              // the JSON report is with the report service
  std::string error;                  // why there is no verdict, or why it could not be delivered
};

// Counts, the five worst findings, and, where nothing could be judged, the first cause.
Summary summarize(const model::Report& report);

// One line of JSON of at most kMaxSummary bytes. What does not fit is cut from the texts first, then from the
// end of `worst`; the figures always stay.
std::string to_json(const Summary& summary);

// Writes into the file that is there: /dev/termination-log is a mount in a folder that takes no new files.
Result<void> write_in_place(const std::string& path, std::string_view text);

}  // namespace edp::upload
