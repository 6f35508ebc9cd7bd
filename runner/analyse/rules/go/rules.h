// The Go rules, one a file. One line a rule, sorted by function name.
#pragma once

#include "runner/analyse/rule.h"

namespace edp::analyse::go {

Rule alloc_rate_jump();
Rule blocked_chain();
Rule gc_assist_stall();
Rule goroutine_leak();
Rule heap_bucket_growth();
Rule heap_fragmentation();
Rule map_assign_hot();
Rule map_concurrent_write();
Rule map_growth_gc();
Rule map_growth_hot();
Rule map_growth_stall();
Rule map_iteration_hot();
Rule map_lock_convoy();
Rule map_lock_wait();
Rule map_range_stall();
Rule map_value_escape();
Rule sched_delay();
Rule syncmap_key_churn();
Rule syncmap_lock_wait();
Rule syncmap_miss_storm();
Rule syncmap_range();
Rule syncmap_write_heavy();

}  // namespace edp::analyse::go
