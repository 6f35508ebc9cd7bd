#include "runner/decode/go_metrics/go_metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "runner/decode/sniff.h"
#include "runner/decode/text/lines.h"

namespace edp::decode::go_metrics {
namespace {

using text::consume;

struct Field {
  std::string_view name;
  std::optional<uint64_t> model::MemoryStats::* member;
  double factor = 1;  // from the metric's unit to ours
};

constexpr double kNanoseconds = 1e9;
constexpr Field kFields[] = {
    {"go_memstats_alloc_bytes", &model::MemoryStats::alloc},
    {"go_memstats_alloc_bytes_total", &model::MemoryStats::total_alloc},
    {"go_memstats_sys_bytes", &model::MemoryStats::sys},
    {"go_memstats_mallocs_total", &model::MemoryStats::mallocs},
    {"go_memstats_frees_total", &model::MemoryStats::frees},
    {"go_memstats_heap_alloc_bytes", &model::MemoryStats::heap_alloc},
    {"go_memstats_heap_sys_bytes", &model::MemoryStats::heap_sys},
    {"go_memstats_heap_idle_bytes", &model::MemoryStats::heap_idle},
    {"go_memstats_heap_inuse_bytes", &model::MemoryStats::heap_inuse},
    {"go_memstats_heap_released_bytes", &model::MemoryStats::heap_released},
    {"go_memstats_heap_objects", &model::MemoryStats::heap_objects},
    {"go_memstats_stack_inuse_bytes", &model::MemoryStats::stack_inuse},
    {"go_memstats_next_gc_bytes", &model::MemoryStats::next_gc},
    {"go_gc_duration_seconds_count", &model::MemoryStats::gc_count},
    {"go_gc_duration_seconds_sum", &model::MemoryStats::gc_pause_total_ns, kNanoseconds},
    {"go_goroutines", &model::MemoryStats::goroutines},
    {"go_sched_gomaxprocs_threads", &model::MemoryStats::gomaxprocs},
};

// The labels' text of `{version="go1.23.12"}`, quotes and escapes respected, taken off the front.
std::optional<std::string_view> consume_labels(std::string_view& line) {
  if (!line.starts_with('{')) return std::string_view();
  bool in_string = false;
  for (size_t i = 1; i < line.size(); ++i) {
    if (in_string && line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      in_string = !in_string;
    } else if (line[i] == '}' && !in_string) {
      const std::string_view labels = line.substr(1, i - 1);
      line.remove_prefix(i + 1);
      return labels;
    }
  }
  return std::nullopt;
}

std::optional<double> consume_value(std::string_view line) {
  line = text::trim(line);
  const std::string_view word = line.substr(0, line.find_first_of(" \t"));  // a time stamp may follow
  std::string_view digits = word;
  consume(digits, "+");
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

void read_sample(std::string_view name, std::string_view labels, double value, model::MemoryStats& stats) {
  if (name == "go_info") {
    constexpr std::string_view kVersion = "version=\"";
    const size_t begin = labels.find(kVersion);
    if (begin == std::string_view::npos) return;
    const std::string_view version = labels.substr(begin + kVersion.size());
    stats.go_version = version.substr(0, std::min<size_t>(version.find('"'), 64));
    return;
  }
  if (!labels.empty()) return;  // a quantile, or a metric of the program's own with the same name
  if (name == "go_memstats_gc_cpu_fraction") {
    if (std::isfinite(value)) stats.gc_cpu_fraction = value;
    return;
  }
  const auto* field =
      std::find_if(std::begin(kFields), std::end(kFields), [&](const Field& f) { return f.name == name; });
  constexpr double kLimit = 18446744073709551616.0;
  if (field == std::end(kFields) || !(value >= 0 && value * field->factor < kLimit)) return;
  stats.*field->member = static_cast<uint64_t>(std::llround(std::min(value * field->factor, 9.2e18)));
}

}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param): the signature of every decoder
Result<Decoded> decode_metrics(std::string bytes, const Limits& /*limits*/) {
  constexpr size_t kMostProblems = 5;
  Decoded decoded;
  decoded.format = "go_metrics";
  model::MemoryStats stats;
  bool any = false;
  text::Lines lines(bytes);
  while (lines.next()) {
    std::string_view line = lines.line();
    if (!line.starts_with("go_")) continue;
    const size_t end = std::min(line.find_first_of("{ \t"), line.size());
    const std::string_view name = line.substr(0, end);
    line.remove_prefix(end);
    line = text::trim(line);
    const auto labels = consume_labels(line);
    const auto value = labels ? consume_value(line) : std::nullopt;
    if (!value) {
      if (decoded.problems.size() < kMostProblems) {
        decoded.problems.push_back(
            Error{"a metric can't be read", std::string(name.substr(0, 64)), lines.offset()}.to_string());
      }
      continue;
    }
    any = true;
    read_sample(name, *labels, *value, stats);
  }
  if (!any)
    return fail("holds metrics, but none of the Go collector (go_memstats_..., go_goroutines)", "",
                bytes.size());
  decoded.memory = std::move(stats);
  return decoded;
}

}  // namespace edp::decode::go_metrics

namespace edp::decode {

Decoder go_metrics_decoder() {
  return {.format = "go_metrics",
          .sniff =
              [](std::string_view prefix) {
                if (!looks_like_text(prefix)) return false;
                text::Lines lines(prefix);
                while (lines.next()) {
                  std::string_view line = lines.line();
                  if (line.starts_with("# TYPE ") || line.starts_with("# HELP ")) return true;
                  if (line.starts_with("go_goroutines ") || line.starts_with("go_memstats_")) return true;
                }
                return false;
              },
          .decode = go_metrics::decode_metrics};
}

}  // namespace edp::decode
