// Who probably holds the lock that others wait for, from the stacks of one snapshot. Go's dumps don't name a
// lock's owner, so this is always inferred.
#pragma once

#include <optional>
#include <vector>

#include "runner/analyse/rules/go/lock_sites.h"

namespace edp::analyse::go {

struct Holder {
  const Stack* stack = nullptr;
  size_t section = kNoFrame;    // the frame in the place that owns the lock
  size_t innermost = kNoFrame;  // the innermost frame of the user's code: where it stands
  bool in_section =
      false;  // beyond the line at which the others wait; else only in a method of the same type
  bool same_object = false;  // by the receiver's address
  int64_t alike = 1;         // goroutines that qualify as well as this one (readers share a lock)
};

// The best candidate, nullopt where none qualifies.
std::optional<Holder> find_holder(const LockPlace& place, const Waiters& waiters);

// The holders from the waiters' lock on: the first holds what they wait for, the second what the first waits
// for, and so on. `is_cycle`: the last waits for a lock that an earlier one holds.
struct HolderChain {
  std::vector<Holder> holders;
  bool is_cycle = false;
};
HolderChain follow_holders(const LockPlace& place, const Waiters& waiters,
                           const std::vector<LockPlace>& places);

}  // namespace edp::analyse::go
