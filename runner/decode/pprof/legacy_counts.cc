// The forms that count: goroutines, threads, contentions.
#include <cmath>
#include <limits>

#include "runner/decode/pprof/legacy_forms.h"

namespace edp::decode::pprof {

using text::consume;
using text::consume_number;

Result<void> read_count(text::Lines& lines, LegacyBuilder& builder) {
  model::Profile& profile = builder.profile;
  const std::string_view type = lines.line().substr(0, lines.line().find(' '));
  profile.sample_types = {{type, "count"}};
  profile.period_type = {type, "count"};
  profile.period = 1;
  while (lines.next() && !builder.passes_limit()) {
    std::string_view line = lines.line();
    if (is_blank_or_comment(line)) {
      builder.read_comment(line);
      continue;
    }
    if (line.starts_with("---")) return bad_line(lines, "a section follows that Go does not write");
    const auto count = consume_number<int64_t>(line);
    if (!count || *count < 0 || !consume(line, " @")) return bad_line(lines, "a sample can't be read");
    if (line.find_first_not_of(" 0x123456789abcdef") != std::string_view::npos ||
        !builder.read_addresses(line)) {
      return bad_line(lines, "a sample's addresses can't be read");
    }
    builder.add_sample({*count});
  }
  return {};
}

Result<void> read_contention(text::Lines& lines, LegacyBuilder& builder) {
  model::Profile& profile = builder.profile;
  profile.sample_types = {{"contentions", "count"}, {"delay", "nanoseconds"}};
  profile.period_type = {"contentions", "count"};
  profile.period = 1;
  double cycles_per_ns = 0;
  while (lines.next() && !builder.passes_limit()) {
    std::string_view line = text::trim(lines.line());
    if (is_blank_or_comment(line)) {
      builder.read_comment(line);
      continue;
    }
    if (const size_t equals = line.find('='); equals != std::string_view::npos) {
      const std::string_view key = text::trim(line.substr(0, equals));
      const auto value = text::number<int64_t>(text::trim(line.substr(equals + 1)));
      if (!value) return bad_line(lines, "a figure of the header can't be read");
      if (key == "cycles/second") {
        cycles_per_ns = static_cast<double>(*value) / 1e9;
      } else if (key == "sampling period") {
        profile.period = *value;
      } else {
        return bad_line(lines, "the header has a key that Go does not write");
      }
      continue;
    }
    const auto cycles = consume_number<int64_t>(line);
    line = text::trim(line);
    const auto count = consume_number<int64_t>(line);
    if (!cycles || !count || !consume(line, " @")) return bad_line(lines, "a sample can't be read");
    if (!builder.read_addresses(line)) return bad_line(lines, "an address is too long");
    // The runtime has scaled both by the sampling rate already (saveBlockEventStack), as in the protobuf
    // form. pprof's reader of this text, which C++ programs write as well, scales them once more.
    const double nanoseconds =
        cycles_per_ns > 0 ? static_cast<double>(*cycles) / cycles_per_ns : static_cast<double>(*cycles);
    constexpr double kLimit = 9223372036854775808.0;
    builder.add_sample({*count, nanoseconds < kLimit && nanoseconds >= -kLimit
                                    ? static_cast<int64_t>(nanoseconds)
                                    : std::numeric_limits<int64_t>::min()});
  }
  return {};
}

}  // namespace edp::decode::pprof
