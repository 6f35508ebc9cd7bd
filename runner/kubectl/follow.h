// Waits for runs, and says meanwhile how they are getting on.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/cancel.h"
#include "runner/kubectl/cluster.h"
#include "runner/kubectl/run_view.h"

namespace edp::kubectl {

struct RunName {
  std::string ns, name;
};

struct FollowOptions {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::chrono::milliseconds interval{1000};  // between looks
  // Without any status for so long: nobody looks after runs in this cluster.
  std::chrono::milliseconds patience{60'000};
  bool progress = true;  // lines to standard error
  bool live = false;     // a terminal: one line, redrawn
  std::string program = "kubectl-edp";
};

struct Followed {
  enum class End { kDone, kTimeout, kCancelled };
  End end = End::kDone;
  std::vector<RunView> runs;  // as last seen, in the order of the names
};

// An error: a run is gone or may not be read, or no operator takes it up. A passing failure of the apiserver
// is waited out until the deadline (two minutes where there is none).
Result<Followed> follow(const Cluster& cluster, const std::vector<RunName>& runs,
                        const FollowOptions& options, const CancelToken& cancel);

}  // namespace edp::kubectl
