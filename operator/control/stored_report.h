// A target's JSON report out of the store, for the tickets.
#pragma once

#include <optional>
#include <string>

#include "operator/serve/store.h"
#include "operator/tickets/worker.h"

namespace edp::control {

// Nothing: it is not there, or not the one that the run's status names. An error: the store can't be asked
// now.
Result<std::optional<std::string>> stored_report(serve::ReportStore* store, const tickets::RunEnded& run,
                                                 const tickets::RunEnded::Target& target);

}  // namespace edp::control
