// A DiagnosticRun's status, read for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runner/kubectl/cluster.h"

namespace edp::kubectl {

struct RunView {
  std::string ns, name, uid;
  std::string target;  // "deploy/checkout", "pod/x", "app=checkout"
  std::string profile;
  std::string gate;  // of the spec; empty: the profile's
  enum class State { kPending, kAccepted, kWaiting, kRunning, kSucceeded, kFailed };
  State state = State::kPending;  // pending: no operator has looked at it yet
  std::string reason, message;    // of the condition that the state comes from
  std::string verdict;            // "2 CRITICAL, 1 WARNING"
  std::string gate_result;        // "Passed", "Failed", empty while running
  int64_t matched = 0, waiting = 0, running = 0, succeeded = 0, failed = 0;
  int64_t critical = 0, warning = 0, info = 0;
  std::string report_url;
  std::string created, started, completed;  // RFC 3339

  struct Target {
    std::string pod, uid, phase, reason, message, digest;
    int64_t critical = 0, warning = 0, info = 0;
  };
  std::vector<Target> targets;  // the first 24
  struct Worst {
    std::string rule, severity, title, location, pod;
  };
  std::vector<Worst> worst;

  [[nodiscard]] bool done() const { return state == State::kSucceeded || state == State::kFailed; }
};

RunView read_run(const Json& run);

// "Succeeded", "Failed (NoPodMatches)", "Running 2/5", "Waiting", "Pending".
std::string state_text(const RunView& run);

// What a finished run means to a pipeline: 0 the gate passed, 2 it failed, 1 the run itself was wrong (an
// unknown profile, a quota smaller than a Job), 3 a target could not be diagnosed and nothing at the gate was
// found in the others. See ExitStatus in runner/run/run.h.
int exit_status(const RunView& run);

// The closing lines: verdict, gate, the worst findings, or why it failed.
std::string verdict_text(const RunView& run);

}  // namespace edp::kubectl
