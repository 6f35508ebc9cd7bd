#include "runner/report/text.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <vector>

namespace edp::report {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Takes one code point off the front; kReplacement for a byte that begins no valid sequence (overlong forms,
// surrogates and values above U+10FFFF count as invalid).
char32_t take(std::string_view& text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  size_t length = 1;
  char32_t code = lead;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    code = lead & 0x1FU;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    code = lead & 0x0FU;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    code = lead & 0x07U;
  } else if (lead >= 0x80) {
    text.remove_prefix(1);
    return kReplacement;
  }
  if (text.size() < length) {
    text.remove_prefix(1);
    return kReplacement;
  }
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) {
      text.remove_prefix(1);
      return kReplacement;
    }
    code = (code << 6U) | (byte(i) & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF) {
    text.remove_prefix(1);
    return kReplacement;
  }
  text.remove_prefix(length);
  return code;
}

void put(std::string& out, char32_t code) {
  const auto push = [&](char32_t value) { out.push_back(static_cast<char>(value)); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xC0U | (code >> 6U));
    push(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    push(0xE0U | (code >> 12U));
    push(0x80U | ((code >> 6U) & 0x3FU));
    push(0x80U | (code & 0x3FU));
  } else {
    push(0xF0U | (code >> 18U));
    push(0x80U | ((code >> 12U) & 0x3FU));
    push(0x80U | ((code >> 6U) & 0x3FU));
    push(0x80U | (code & 0x3FU));
  }
}

bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }

// Line and paragraph separators, and the marks that reorder what follows them.
bool is_reordering(char32_t code) {
  return code == 0x061C || code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069);
}

struct Range {
  char32_t from, to;
};

size_t columns(char32_t code) {
  static constexpr std::array<Range, 8> kNoColumn = {{{0x0300, 0x036F},
                                                      {0x0483, 0x0489},
                                                      {0x0591, 0x05BD},
                                                      {0x1AB0, 0x1AFF},
                                                      {0x1DC0, 0x1DFF},
                                                      {0x200B, 0x200D},
                                                      {0x20D0, 0x20FF},
                                                      {0xFE00, 0xFE0F}}};
  static constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115F},
                                                  {0x2E80, 0x303E},
                                                  {0x3041, 0xA4CF},
                                                  {0xAC00, 0xD7A3},
                                                  {0xF900, 0xFAFF},
                                                  {0xFE30, 0xFE6F},
                                                  {0xFF00, 0xFF60},
                                                  {0x1F300, 0x1FAFF},
                                                  {0x20000, 0x3FFFD}}};
  for (const Range& range : kNoColumn) {
    if (code >= range.from && code <= range.to) return 0;
  }
  for (const Range& range : kWide) {
    if (code >= range.from && code <= range.to) return 2;
  }
  return 1;
}

std::vector<char32_t> clean_code_points(std::string_view text) {
  std::vector<char32_t> out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char32_t code = take(text);
    out.push_back(is_control(code) || is_reordering(code) ? U' ' : code);
  }
  return out;
}

std::string printed(const char* format, double value) {
  std::array<char, 64> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), format, value);
  return length > 0 ? buffer.data() : "";
}

// Three significant digits, no trailing zeros: 1.25, 12.3, 123.
std::string short_number(double value) {
  const double size = std::fabs(value);
  std::string text = printed(size >= 99.95 ? "%.0f" : size >= 9.995 ? "%.1f" : "%.2f", value);
  if (text.find('.') != std::string::npos) {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

std::string grouped(double value) {
  std::string text = printed("%.0f", value);
  const size_t first = text.starts_with('-') ? 1 : 0;
  for (size_t at = text.size(); at > first + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text == "-0" ? "0" : text;
}

std::string count(double value) { return std::fabs(value) < 100 ? short_number(value) : grouped(value); }

struct Scale {
  double from, unit;
  const char* name;
};

std::string scaled(double value, std::initializer_list<Scale> scales) {
  for (const Scale& scale : scales) {
    if (std::fabs(value) >= scale.from) return short_number(value / scale.unit) + " " + scale.name;
  }
  return short_number(value);
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t code : clean_code_points(text)) put(out, code);
  return out;
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) width += columns(take(text));
  return width;
}

std::string clip(std::string_view text, size_t width) {
  const std::vector<char32_t> codes = clean_code_points(text);
  size_t used = 0;
  size_t keep = 0;      // code points that fit in `width`
  size_t keep_cut = 0;  // code points that fit beside the "…"
  while (keep < codes.size() && used + columns(codes[keep]) <= width) {
    used += columns(codes[keep++]);
    if (used < width) keep_cut = keep;
  }
  const bool cut = keep < codes.size();
  std::string out;
  for (size_t i = 0; i < (cut ? keep_cut : keep); ++i) put(out, codes[i]);
  if (cut && width > 0) out += "…";
  return out;
}

std::string clip_front(std::string_view text, size_t width) {
  const std::vector<char32_t> codes = clean_code_points(text);
  size_t used = 0;
  size_t first = codes.size();
  while (first > 0 && used + columns(codes[first - 1]) <= width) used += columns(codes[--first]);
  std::string out;
  if (first > 0 && width > 0) {
    while (first < codes.size() && used + 1 > width) used -= columns(codes[first++]);
    out = "…";
  }
  for (size_t i = first; i < codes.size(); ++i) put(out, codes[i]);
  return out;
}

std::string xml_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char32_t code = take(text);
    switch (code) {
      case U'<':
        out += "&lt;";
        break;
      case U'>':
        out += "&gt;";
        break;
      case U'&':
        out += "&amp;";
        break;
      case U'"':
        out += "&quot;";
        break;
      case U'\'':
        out += "&apos;";
        break;
      case U'\n':
        out += "&#10;";
        break;
      case U'\t':
        out += "&#9;";
        break;
      default:
        put(out, is_control(code) || code == 0xFFFE || code == 0xFFFF ? kReplacement : code);
    }
  }
  return out;
}

std::string format_value(double value, std::string_view unit) {
  if (!std::isfinite(value)) return "not a number";
  if (unit == "percent") return short_number(value) + "%";
  if (unit == "nanoseconds") return format_seconds(value / 1e9);
  if (unit == "bytes") {
    return scaled(value, {{1024.0 * 1024 * 1024 * 1024, 1024.0 * 1024 * 1024 * 1024, "TiB"},
                          {1024.0 * 1024 * 1024, 1024.0 * 1024 * 1024, "GiB"},
                          {1024.0 * 1024, 1024.0 * 1024, "MiB"},
                          {1024, 1024, "KiB"},
                          {0, 1, "B"}});
  }
  if (unit == "per_second") return count(value) + "/s";
  if (unit == "minutes") return short_number(value) + " min";
  if (unit == "goroutines") return count(value) + (value == 1 ? " goroutine" : " goroutines");
  if (unit == "count" || unit == "ratio" || unit.empty()) return count(value);
  return count(value) + " " + one_line(unit);
}

std::string format_seconds(double seconds) {
  if (std::fabs(seconds) >= 7200) return short_number(seconds / 3600) + " h";
  if (std::fabs(seconds) >= 120) return short_number(seconds / 60) + " min";
  return scaled(seconds,
                {{1, 1, "s"}, {1e-3, 1e-3, "ms"}, {1e-6, 1e-6, "µs"}, {1e-12, 1e-9, "ns"}, {0, 1, "s"}});
}

std::string format_time(std::chrono::system_clock::time_point time) {
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch();
  const auto whole = std::chrono::floor<std::chrono::seconds>(millis);
  const std::time_t unix_seconds = whole.count();
  std::tm parts{};
  if (gmtime_r(&unix_seconds, &parts) == nullptr) return "1970-01-01T00:00:00.000Z";
  std::array<char, 40> day{};
  if (std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
    return "1970-01-01T00:00:00.000Z";
  std::array<char, 8> fraction{};
  const int written = std::snprintf(fraction.data(), fraction.size(), ".%03dZ",
                                    static_cast<int>((millis - whole).count()) % 1000);
  return written > 0 ? std::string(day.data()) + fraction.data() : "1970-01-01T00:00:00.000Z";
}

}  // namespace edp::report
