// "30s", "80ms", "256MiB": the quantities people write in profiles and on the command line.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/result.h"

namespace edp::config {

// A number with ms, s, m or h, or without a unit (seconds). Not negative.
Result<double> parse_seconds(std::string_view text);

// A number with B, KiB, MiB or GiB, or without a unit (bytes).
Result<uint64_t> parse_bytes(std::string_view text);

// A whole number up to 1,000,000.
Result<int> parse_count(std::string_view text);

}  // namespace edp::config
