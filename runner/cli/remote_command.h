// `edp-runner` with targets in a cluster, or with none where a cluster is at hand.
#pragma once

#include "runner/cli/diagnose_command.h"

namespace edp::cli {

bool is_remote(const DiagnoseOptions& options);

// Returns the exit status.
int diagnose_remote(const DiagnoseOptions& options);

}  // namespace edp::cli
