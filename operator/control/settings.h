// From the configuration file to what the desks ask for.
#pragma once

#include <string>

#include "operator/control/config.h"
#include "operator/control/controller.h"

namespace edp::control {

ControllerOptions controller_options(const Config& config, const std::string& identity);

}  // namespace edp::control
