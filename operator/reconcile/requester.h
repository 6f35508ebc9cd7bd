// Who asked for a run, and how that is known: for the audit.
#pragma once

#include "common/audit/act.h"
#include "operator/watch/records.h"

namespace edp::reconcile {

// `checked`: an admission policy sees to it that the annotation names the user who made the run.
audit::Actor requester_of(const watch::RunRecord& run, bool checked);
audit::Why why_of(const watch::RunRecord& run);

}  // namespace edp::reconcile
