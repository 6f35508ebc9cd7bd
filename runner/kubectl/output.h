// Tables, YAML and times for the terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runner/kubectl/cluster.h"

namespace edp::kubectl {

// Columns three spaces apart, as kubectl does; cells are made safe for a terminal. The first row is the
// header.
std::string table(const std::vector<std::vector<std::string>>& rows);

// Block style. Strings that YAML could read as something else are quoted.
std::string to_yaml(const Json& json);

// "2026-05-04T03:12:00Z" -> seconds since 1970; 0 where it is no time.
int64_t seconds_of(std::string_view rfc3339);

// "42s", "5m", "3h", "12d" between then and now; "" for a then of 0.
std::string age(int64_t then, int64_t now);

}  // namespace edp::kubectl
