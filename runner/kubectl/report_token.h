#pragma once

#include <string>

#include "common/cancel.h"
#include "common/result.h"
#include "runner/kubectl/cluster.h"
#include "runner/kubectl/reports.h"

namespace edp::kubectl {

// The bearer token that tells the report service who asks. The apiserver keeps the one it authenticates by to
// itself, and a client certificate means nothing to the service: without any token the error says what to do.
Result<std::string> report_token(const Cluster& cluster, const ReportAccess& access,
                                 const CancelToken& cancel);

}  // namespace edp::kubectl
