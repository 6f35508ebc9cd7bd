// The facts that charts need, as the `targets` member of edp.report/v1.
#pragma once

#include <nlohmann/json.hpp>

#include "runner/model/facts.h"

namespace edp::report {

nlohmann::ordered_json facts_json(const model::Facts& facts);

// A rate in force, what it means for the figures, and how to change it.
nlohmann::ordered_json sampling_json(const model::Facts& facts);

// null where the value is not finite: JSON has no word for it.
nlohmann::ordered_json number(double value);

}  // namespace edp::report
