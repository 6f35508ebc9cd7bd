// The report of one run (edp.report/v1). report/json.cc writes it, docs/report.schema.json describes it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "runner/model/facts.h"
#include "runner/model/finding.h"

namespace edp::model {

struct CollectorOutcome {
  std::string target;
  std::string collector;  // "cpu", "heap.delta", "goroutine.debug2", ...
  std::string outcome;    // "ok", "partial", "failed", "timeout", "cancelled", "absent"
  std::string message;    // the cause where not ok
  double seconds = 0;
  uint64_t bytes = 0;
};

struct Artefact {
  std::string
      name;  // "cpu.pb.gz"; its file lies in the artefact folder beside the report where that was asked for
  std::string target;
  std::string media_type;
  uint64_t size = 0;
  std::string sha256;
};

struct Report {
  std::string run_id;
  std::chrono::system_clock::time_point started;
  double seconds = 0;
  bool cancelled = false;
  std::string profile;  // the diagnostic profile's name
  std::string gate;     // the severity from which on the exit status is 2
  int exit_status = 0;
  std::vector<Facts> targets;
  std::vector<CollectorOutcome> collectors;
  std::vector<Finding> findings;  // worst first
  std::vector<RuleOutcome> rules;
  std::vector<Artefact> artefacts;
  std::string tool_version;
};

}  // namespace edp::model
