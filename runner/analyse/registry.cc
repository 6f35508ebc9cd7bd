// Every rule, in the order in which they are listed. One line a rule, sorted by id.
#include "runner/analyse/rule.h"
#include "runner/analyse/rules/go/rules.h"

namespace edp::analyse {

const std::vector<Rule>& all_rules() {
  // clang-format off
  static const std::vector<Rule> kRules = {
      go::alloc_rate_jump(),
      go::blocked_chain(),
      go::gc_assist_stall(),
      go::goroutine_leak(),
      go::heap_bucket_growth(),
      go::heap_fragmentation(),
      go::map_assign_hot(),
      go::map_concurrent_write(),
      go::map_growth_gc(),
      go::map_growth_hot(),
      go::map_growth_stall(),
      go::map_iteration_hot(),
      go::map_lock_convoy(),
      go::map_lock_wait(),
      go::map_range_stall(),
      go::map_value_escape(),
      go::sched_delay(),
      go::syncmap_key_churn(),
      go::syncmap_lock_wait(),
      go::syncmap_miss_storm(),
      go::syncmap_range(),
      go::syncmap_write_heavy(),
  };
  // clang-format on
  return kRules;
}

}  // namespace edp::analyse
