// Figures as titles and sentences show them. Locale-free.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace edp::analyse {

std::string percent_text(double percent);  // "35%", "4.2%", "0.3%", "under 0.1%"
std::string seconds_text(double seconds);  // "1.2 s", "35 ms", "410 us", "2 min 5 s"
std::string nanoseconds_text(int64_t nanoseconds);
std::string count_text(double count);            // "18,660", "1.2 million"
std::string rate_text(double per_second);        // "18,660/s", "0.4/s"
std::string bytes_text(double bytes);            // "1.4 MiB"
std::string bytes_rate_text(double per_second);  // "1.4 MiB/s"
// "cache.go:42"; "line 42" without a file.
std::string place_text(std::string_view file, int64_t line);

}  // namespace edp::analyse
