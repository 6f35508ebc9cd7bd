#include "operator/reconcile/requester.h"

namespace edp::reconcile {

audit::Actor requester_of(const watch::RunRecord& run, bool checked) {
  if (!run.requester_annotated) {
    return {.kind = audit::ActorKind::kUser,
            .name = run.requested_by.empty() ? "" : "unknown, made with " + run.requested_by,
            .known = "field manager of the run; the user is not known"};
  }
  const std::string known = std::string("annotation edp.dev/requested-by, ") +
                            (checked ? "checked at admission" : "NOT checked at admission");
  if (!run.policy.empty() && run.requested_by == "policy/" + run.policy) {
    return {.kind = audit::ActorKind::kOperator, .name = run.requested_by, .known = known};
  }
  return {.kind = audit::kind_of_user(run.requested_by), .name = run.requested_by, .known = known};
}

audit::Why why_of(const watch::RunRecord& run) {
  return {.run = run.ns.str() + "/" + run.name,
          .run_uid = run.uid,
          .trigger = run.trigger,
          .profile = run.profile};
}

}  // namespace edp::reconcile
