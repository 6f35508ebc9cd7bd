// Quantities of Kubernetes: a decimal number with a suffix of powers of ten (n u m k M G T P E), of two (Ki
// Mi Gi Ti Pi Ei) or an exponent (e3, E-2).
#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "operator/watch/records.h"

namespace edp::watch {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr Wide kMost = std::numeric_limits<int64_t>::max();

struct Suffix {
  std::string_view text;
  int tens = 0, twos = 0;
};
constexpr Suffix kSuffixes[] = {{""},          {"n", -9},     {"u", -6},     {"m", -3},
                                {"k", 3},      {"M", 6},      {"G", 9},      {"T", 12},
                                {"P", 15},     {"E", 18},     {"Ki", 0, 10}, {"Mi", 0, 20},
                                {"Gi", 0, 30}, {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<Suffix> read_suffix(std::string_view text) {
  for (const Suffix& suffix : kSuffixes)
    if (suffix.text == text) return suffix;
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  text.remove_prefix(1);
  const bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  if (text.empty() || text.size() > 3) return std::nullopt;
  int exponent = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    exponent = exponent * 10 + (c - '0');
  }
  return Suffix{{}, negative ? -exponent : exponent};
}

// mantissa * 10^tens * 2^twos, rounded up, at most kMost.
Wide scaled(Wide mantissa, int tens, int twos) {
  constexpr Wide kFull = ~Wide{0};
  for (; twos > 0; --twos) {
    if (mantissa > kFull / 2) return kMost;
    mantissa *= 2;
  }
  for (; tens > 0; --tens) {
    if (mantissa > kMost) return kMost;
    mantissa *= 10;
  }
  bool rest = false;
  for (; tens < 0 && mantissa != 0; ++tens) {
    rest = rest || mantissa % 10 != 0;
    mantissa /= 10;
  }
  return std::min<Wide>(mantissa + (rest ? 1 : 0), kMost);
}

// In units of 10^-extra_tens.
std::optional<int64_t> parse(std::string_view text, int extra_tens) {
  if (text.size() > 64) return std::nullopt;
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  Wide mantissa = 0;
  int tens = extra_tens;
  bool point = false, digits = false, lost = false;
  size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
    } else if (is_digit(c)) {
      digits = true;
      // 19 digits leave room for a shift by 2^60; what lies beyond them only rounds up.
      if (mantissa < Wide{1'000'000'000'000'000'000}) {
        mantissa = mantissa * 10 + static_cast<unsigned>(c - '0');
        if (point) --tens;
      } else {
        lost = lost || c != '0';
        if (!point) ++tens;
      }
    } else {
      break;
    }
  }
  if (!digits) return std::nullopt;
  const auto suffix = read_suffix(text.substr(at));
  if (!suffix) return std::nullopt;
  if (lost) ++mantissa;
  const auto value =
      static_cast<int64_t>(mantissa == 0 ? 0 : scaled(mantissa, tens + suffix->tens, suffix->twos));
  return negative ? -value : value;
}

}  // namespace

std::optional<int64_t> parse_cpu(std::string_view text) { return parse(text, 3); }
std::optional<int64_t> parse_bytes(std::string_view text) { return parse(text, 0); }

}  // namespace edp::watch
