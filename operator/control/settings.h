// From the configuration file to what the desks ask for.
#pragma once

#include <string>

#include "operator/control/config.h"
#include "operator/control/controller.h"
#include "operator/tickets/worker.h"

namespace edp::control {

tickets::TrackerOptions tracker_options(const Config& config);
tickets::WorkerOptions worker_options(const Config& config, const std::string& identity);
ControllerOptions controller_options(const Config& config, const std::string& identity);

}  // namespace edp::control
