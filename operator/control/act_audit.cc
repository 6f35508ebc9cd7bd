#include "operator/control/act_audit.h"

#include <memory>
#include <utility>

#include "operator/control/office.h"
#include "operator/reconcile/requester.h"

namespace edp::control {
namespace {

using Kind = reconcile::Action::Kind;

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::kCreateJob:
      return "job.create";
    case Kind::kDeleteJob:
      return "job.cancel";
    case Kind::kAddEphemeralContainer:
      return "ephemeral-container.create";
    case Kind::kDeleteRun:
      return "run.delete";
    case Kind::kCreateRun:
      return "run.create";
  }
  return "";
}

audit::Act own_act(const reconcile::Action& action) {
  return {.what = name_of(action.kind),
          .actor = {.kind = audit::ActorKind::kOperator, .name = "edp-operator", .known = "this process"},
          .target = {.ns = action.run_ns.empty() ? action.ns : action.run_ns,
                     .pod = action.pod,
                     .workload = action.ns + "/" + action.name,
                     .uid = action.target_uid},
          .why = {.run = action.run_ns + "/" + action.run_name, .run_uid = action.run_uid}};
}

act::Step step_with(const reconcile::Action& action, audit::Act act) {
  act::Step step = step_of(action);
  step.act = std::make_shared<const audit::Act>(std::move(act));
  return step;
}

bool on_behalf(Kind kind) { return kind == Kind::kCreateJob || kind == Kind::kAddEphemeralContainer; }

}  // namespace

act::Step audited_step(const reconcile::Action& action, const watch::RunRecord* run, bool checked) {
  audit::Act act = own_act(action);
  if (run != nullptr) {
    act.why = reconcile::why_of(*run);
    if (on_behalf(action.kind)) act.actor = reconcile::requester_of(*run, checked);
    if (action.kind == Kind::kDeleteJob && run->cancel) act.reason = "the run was cancelled";
    if (action.kind == Kind::kDeleteRun) act.reason = "its time to live is over";
  }
  return step_with(action, std::move(act));
}

act::Step audited_create_run(const reconcile::Action& action, const std::string& policy,
                             std::string_view trigger) {
  audit::Act act = own_act(action);
  act.actor.name = "policy/" + policy;
  act.why.trigger = trigger;
  return step_with(action, std::move(act));
}

}  // namespace edp::control
