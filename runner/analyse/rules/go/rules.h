// The Go rules, one a file. One line a rule, sorted by function name.
#pragma once

#include "runner/analyse/rule.h"

namespace edp::analyse::go {

Rule alloc_rate_jump();
Rule blocked_chain();
Rule goroutine_leak();
Rule map_concurrent_write();
Rule map_lock_convoy();
Rule syncmap_key_churn();
Rule syncmap_miss_storm();
Rule syncmap_range();
Rule syncmap_write_heavy();

}  // namespace edp::analyse::go
