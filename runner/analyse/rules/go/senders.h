// Goroutines that are blocked at one channel send: nobody receives, or not fast enough.
#pragma once

#include <cstdint>
#include <vector>

#include "runner/analyse/rules/go/lock_sites.h"

namespace edp::analyse::go {

struct SenderGroup {
  model::GoroutineFrame frame;         // the line of the send, in the user's code
  const Snapshot* snapshot = nullptr;  // the one that shows most of them
  int64_t count = 0;
  int64_t minutes = 0;      // the longest wait that a dump names
  bool is_growing = false;  // more with each snapshot: what leaks is another rule's
};

// Groups of at least `enough` at one moment.
std::vector<SenderGroup> sender_groups(const std::vector<Snapshot>& all, double enough);

model::Finding sender_finding(const SenderGroup& group, const ContentionProfile& block, double enough);

}  // namespace edp::analyse::go
