// Goroutines that do the same: same state, same stack, same creator.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "runner/model/goroutines.h"

namespace edp::report {

struct GoroutineGroup {
  const model::Goroutine* sample = nullptr;  // one of them, for state, frames and creator
  uint64_t count = 0;
  int64_t longest_wait_minutes = 0;
  uint64_t waiting_a_minute = 0;  // how many have waited for a minute or more
  std::vector<uint64_t> ids;      // the first five
};

struct StateCount {
  std::string_view state;
  uint64_t count = 0;
};

// Largest first; groups of one size by their longest wait, then in the order of the dump.
std::vector<GoroutineGroup> goroutine_groups(const model::Goroutines& goroutines);

// Most frequent first, then by name.
std::vector<StateCount> goroutine_states(const model::Goroutines& goroutines);

}  // namespace edp::report
