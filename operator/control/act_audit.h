// What the operator does to the cluster, as the audit sees it.
#pragma once

#include <string>
#include <string_view>

#include "operator/act/actor.h"
#include "operator/reconcile/action.h"
#include "operator/watch/records.h"

namespace edp::control {

// The call that carries an action out, with the act that it is. `run`: on whose behalf; null where the action
// is the operator's own (a Job whose run is gone). `checked`: an admission policy
// guards the annotation that tells who asked.
act::Step audited_step(const reconcile::Action& action, const watch::RunRecord* run, bool checked);
// Of a run that a policy asks for.
act::Step audited_create_run(const reconcile::Action& action, const std::string& policy,
                             std::string_view trigger);

}  // namespace edp::control
