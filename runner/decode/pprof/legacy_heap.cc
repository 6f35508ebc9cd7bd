#include <array>
#include <cmath>
#include <limits>

#include "runner/decode/pprof/legacy_forms.h"

namespace edp::decode::pprof {
namespace {

using text::consume;
using text::consume_number;

struct Figures {
  int64_t inuse_objects = 0, inuse_bytes = 0, alloc_objects = 0, alloc_bytes = 0;
};

void skip_spaces(std::string_view& line) {
  while (consume(line, " ")) {
  }
}

// "1: 524288 [3: 1572864] @"
std::optional<Figures> consume_figures(std::string_view& line) {
  Figures figures;
  const std::array<int64_t*, 4> fields = {&figures.inuse_objects, &figures.inuse_bytes,
                                          &figures.alloc_objects, &figures.alloc_bytes};
  constexpr std::array<std::string_view, 4> kBehind = {":", "[", ":", "]"};
  for (size_t i = 0; i < fields.size(); ++i) {
    skip_spaces(line);
    const auto number = consume_number<int64_t>(line);
    if (!number) return std::nullopt;
    *fields[i] = *number;
    skip_spaces(line);
    if (!consume(line, kBehind[i])) return std::nullopt;
  }
  skip_spaces(line);
  if (!consume(line, "@")) return std::nullopt;
  return figures;
}

// Truncated as Go does it on amd64, where too large becomes the least.
int64_t to_int(double value) {
  constexpr double kLimit = 9223372036854775808.0;
  return value >= -kLimit && value < kLimit ? static_cast<int64_t>(value)
                                            : std::numeric_limits<int64_t>::min();
}

// A sample stands for all allocations of its size: pprof's scaleHeapSample, by the chance of
// 1-exp(-size/rate) that one of them is sampled.
void scale(int64_t& count, int64_t& size, int64_t rate) {
  if (count == 0 || size == 0) {
    count = size = 0;
    return;
  }
  if (rate <= 1) return;
  const double average = static_cast<double>(size) / static_cast<double>(count);
  const double factor = 1 / (1 - std::exp(-average / static_cast<double>(rate)));
  count = to_int(static_cast<double>(count) * factor);
  size = to_int(static_cast<double>(size) * factor);
}

int64_t quotient(int64_t size, int64_t count) {
  return count == -1 ? static_cast<int64_t>(0 - static_cast<uint64_t>(size)) : size / count;
}

}  // namespace

Result<void> read_heap(text::Lines& lines, LegacyBuilder& builder) {
  model::Profile& profile = builder.profile;
  std::string_view header = lines.line();
  if (!consume(header, "heap profile:")) return bad_line(lines, "the header of a heap profile can't be read");
  const auto totals = consume_figures(header);
  skip_spaces(header);
  if (!totals) return bad_line(lines, "the header of a heap profile can't be read");
  const std::string_view kind = header.substr(0, header.find('/'));
  header.remove_prefix(std::min(kind.size() + 1, header.size()));
  const int64_t rate = consume_number<int64_t>(header).value_or(0);

  bool is_sampled = true;
  profile.period_type = {"space", "bytes"};
  if (kind == "heap") {  // twice the rate, since the first C++ profiler
    profile.period = rate / 2;
  } else if (kind == "heapz_v2" || kind == "heap_v2") {
    profile.period = rate;
  } else if (kind == "heapprofile") {
    profile.period = 1;
    is_sampled = false;
  } else {
    return bad_line(
        lines, "a heap profile of the kind \"" + std::string(kind.substr(0, 20)) + "\" is not supported");
  }
  // With the counts of allocations beside those in use; a header that repeats the same figures has none.
  const bool has_alloc = (totals->alloc_objects != totals->inuse_objects && totals->alloc_objects != 0) ||
                         (totals->alloc_bytes != totals->inuse_bytes && totals->alloc_bytes != 0);
  if (has_alloc) {
    profile.sample_types = {{"alloc_objects", "count"},
                            {"alloc_space", "bytes"},
                            {"inuse_objects", "count"},
                            {"inuse_space", "bytes"}};
  } else {
    profile.sample_types = {{"objects", "count"}, {"space", "bytes"}};
  }
  profile.drop_frames = R"(runtime\..*)";
  profile.keep_frames = R"(runtime\.panic|runtime\.reflectcall|runtime\.call[0-9]*)";

  while (lines.next() && !builder.passes_limit()) {
    std::string_view line = text::trim(lines.line());
    if (is_memory_map(line))
      return bad_line(lines, "a memory map follows: a C++ heap profile, which is not supported");
    if (is_blank_or_comment(line)) {
      builder.read_comment(line);
      continue;
    }
    auto figures = consume_figures(line);
    if (!figures) return bad_line(lines, "a sample can't be read");
    if ((figures->alloc_objects == 0 && figures->alloc_bytes != 0 && has_alloc) ||
        (figures->inuse_objects == 0 && figures->inuse_bytes != 0)) {
      return bad_line(lines, "a sample has bytes, but no object");
    }
    if (!builder.read_addresses(line)) return bad_line(lines, "an address is too long");
    int64_t block = 0;
    if (has_alloc && figures->alloc_objects != 0)
      block = quotient(figures->alloc_bytes, figures->alloc_objects);
    if (figures->inuse_objects != 0) block = quotient(figures->inuse_bytes, figures->inuse_objects);
    if (is_sampled) {
      scale(figures->alloc_objects, figures->alloc_bytes, profile.period);
      scale(figures->inuse_objects, figures->inuse_bytes, profile.period);
    }
    if (has_alloc) {
      builder.add_sample(
          {figures->alloc_objects, figures->alloc_bytes, figures->inuse_objects, figures->inuse_bytes});
    } else {
      builder.add_sample({figures->inuse_objects, figures->inuse_bytes});
    }
    builder.add_number_label("bytes", block);
  }
  return {};
}

}  // namespace edp::decode::pprof
