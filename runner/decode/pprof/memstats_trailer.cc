#include <algorithm>
#include <cmath>

#include "runner/decode/pprof/legacy_forms.h"

namespace edp::decode::pprof {
namespace {

struct Field {
  std::string_view name;
  std::optional<uint64_t> model::MemoryStats::* member;
};

constexpr Field kFields[] = {
    {"Alloc", &model::MemoryStats::alloc},
    {"TotalAlloc", &model::MemoryStats::total_alloc},
    {"Sys", &model::MemoryStats::sys},
    {"Mallocs", &model::MemoryStats::mallocs},
    {"Frees", &model::MemoryStats::frees},
    {"HeapAlloc", &model::MemoryStats::heap_alloc},
    {"HeapSys", &model::MemoryStats::heap_sys},
    {"HeapIdle", &model::MemoryStats::heap_idle},
    {"HeapInuse", &model::MemoryStats::heap_inuse},
    {"HeapReleased", &model::MemoryStats::heap_released},
    {"HeapObjects", &model::MemoryStats::heap_objects},
    {"Stack", &model::MemoryStats::stack_inuse},  // "in use / from the system"
    {"NextGC", &model::MemoryStats::next_gc},
    {"NumGC", &model::MemoryStats::gc_count},
};

constexpr uint64_t kPausesKept = 256;

// "[120 340 0 ...]": the last 256 pauses.
std::optional<uint64_t> sum_of_pauses(std::string_view list) {
  if (!text::consume(list, "[")) return std::nullopt;
  uint64_t sum = 0;
  for (uint64_t i = 0; i < kPausesKept; ++i) {
    list = text::trim(list);
    const auto pause = text::consume_number<uint64_t>(list);
    if (!pause) return std::nullopt;
    sum += *pause;
  }
  return sum;
}

}  // namespace

std::optional<model::MemoryStats> read_memstats_trailer(std::string_view text) {
  const size_t begin = text.rfind("\n# runtime.MemStats\n");
  if (begin == std::string_view::npos) return std::nullopt;
  model::MemoryStats stats;
  std::optional<uint64_t> pauses;
  text::Lines lines(text.substr(begin + 1));
  while (lines.next()) {
    std::string_view line = lines.line();
    if (!text::consume(line, "# ")) continue;
    const size_t equals = line.find(" = ");
    if (equals == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, equals);
    std::string_view value = line.substr(equals + 3);
    if (name == "PauseNs") {
      pauses = sum_of_pauses(value);
    } else if (name == "GCCPUFraction") {
      double fraction = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), fraction);
      if (error == std::errc() && std::isfinite(fraction)) stats.gc_cpu_fraction = fraction;
    } else if (const auto* field = std::find_if(std::begin(kFields), std::end(kFields),
                                                [&](const Field& f) { return f.name == name; });
               field != std::end(kFields)) {
      stats.*field->member = text::consume_number<uint64_t>(value);
    }
  }
  // Older pauses have dropped out of the list.
  if (stats.gc_count && *stats.gc_count <= kPausesKept) stats.gc_pause_total_ns = pauses;
  return stats;
}

}  // namespace edp::decode::pprof
