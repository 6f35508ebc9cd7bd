// The run's acts as the audit sees them: each target's collection, before and after, and the report.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runner/collect/collect.h"
#include "runner/report/sealed.h"
#include "runner/run/run.h"

namespace edp::run {

class CollectionAudit {
 public:
  using Collected = Result<std::vector<collect::TargetCollection>>;

  // `request` is borrowed. `run_id` is told where the request is on behalf of no run in a cluster.
  CollectionAudit(const Request& request, const std::string& run_id);

  // Not carried out, where the intention can't be written.
  Collected carry_out(const std::vector<collect::TargetSpec>& targets,
                      const std::function<std::vector<collect::TargetCollection>()>& collect);
  void note_report(const report::Sealed& sealed);

 private:
  [[nodiscard]] audit::Act act_on(const std::string& target) const;

  const Request& request_;
  audit::Act base_;
};

}  // namespace edp::run
