// Text that came from a target, made safe for the place it is shown in.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace edp::report {

// Valid UTF-8 on one line: control characters (C0, DEL, C1, line separators) and the marks that turn the
// direction of writing become spaces, invalid bytes U+FFFD. No terminal takes the result for a command.
std::string one_line(std::string_view text);

// Columns a terminal needs for the text: wide characters take two, combining marks none.
size_t display_width(std::string_view text);

// At most `width` columns of one_line(text); the cut is shown by "…".
std::string clip(std::string_view text, size_t width);

// The same, cut at the front: the end of a path says more than its beginning.
std::string clip_front(std::string_view text, size_t width);

// For XML 1.0 text and attributes: markup escaped, characters that XML can't carry replaced by U+FFFD.
std::string xml_escape(std::string_view text);

// A figure for people: "38.2%", "1.25 s", "12.3 MiB", "18,660/s". Units are those of model::Evidence.
std::string format_value(double value, std::string_view unit);

std::string format_seconds(double seconds);

// RFC 3339, UTC, milliseconds: "2026-05-04T03:12:00.123Z".
std::string format_time(std::chrono::system_clock::time_point time);

}  // namespace edp::report
