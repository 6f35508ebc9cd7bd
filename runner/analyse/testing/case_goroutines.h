// Reads the goroutine dumps of golden cases: the form of ?debug=2, and "goroutine 18 x20 [state]:" for 20
// alike.
#pragma once

#include <string_view>

#include "common/result.h"
#include "runner/model/goroutines.h"

namespace edp::analyse::testing {

Result<model::Goroutines> parse_case_goroutines(std::string_view text);

}  // namespace edp::analyse::testing
