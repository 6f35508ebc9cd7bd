#include "runner/analyse/rules/go/hot_spots.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "runner/analyse/format.h"
#include "runner/analyse/symbols.h"

namespace edp::analyse::go {

using model::Basis;
using model::Evidence;
using model::Severity;

std::string HotSpot::who() const {
  if (!in_library) return std::string(line.function);
  return std::string(library) + " (called by " + std::string(line.function) + ")";
}

std::vector<model::SourceLocation> HotSpot::related(Figure CpuLine::* operation) const {
  constexpr size_t kMost = 5;
  constexpr int64_t kNotablePart = 20;  // a twentieth of the spot
  std::vector<model::SourceLocation> locations;
  for (const CpuLine* other : lines) {
    if (locations.size() == kMost || (other->*operation).value < figure.value / kNotablePart) break;
    if (in_library) {
      locations.push_back(other->caller.place.location("inside " + std::string(library)));
    } else if (other->caller.place != line) {
      locations.push_back(other->caller.place.location("map operation"));
    }
  }
  return locations;
}

std::vector<HotSpot> hot_spots(const CpuReading& cpu, Figure CpuLine::* operation) {
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, HotSpot> by_function;
  for (const CpuLine& line : cpu.lines) {
    const Figure& figure = line.*operation;
    if (figure.value <= 0 || line.caller.user.empty()) continue;
    const std::string_view library = line.caller.library;
    HotSpot& spot = by_function[{line.caller.user.function, line.caller.user.file, library}];
    spot.in_library = line.caller.in_library();
    spot.library = library;
    spot.figure.add(figure);
    spot.lines.push_back(&line);
  }
  std::vector<HotSpot> spots;
  for (auto& [key, spot] : by_function) {
    std::ranges::stable_sort(spot.lines, std::ranges::greater{},
                             [operation](const CpuLine* line) { return (line->*operation).value; });
    spot.line = spot.lines.front()->caller.user;
    spots.push_back(std::move(spot));
  }
  std::ranges::stable_sort(spots, std::ranges::greater{},
                           [](const HotSpot& spot) { return spot.figure.value; });
  return spots;
}

std::string cpu_missing(const CodeLines& lines, const RuleInput& input) {
  if (!lines.cpu) {
    return "no CPU profile: " + input.facts.why_missing("cpu") +
           "; it comes from /debug/pprof/profile?seconds=10";
  }
  const auto needed = static_cast<int64_t>(input.thresholds.get(kMinCpuSamples));
  if (lines.cpu->busy.count >= needed) return {};
  std::string reason = "too few CPU samples: " + count_text(static_cast<double>(lines.cpu->busy.count));
  if (lines.cpu->window_seconds > 0) reason += " in " + seconds_text(lines.cpu->window_seconds);
  return reason + ", and " + count_text(static_cast<double>(needed)) +
         " are needed; the process is nearly idle: profile it under load, or for longer";
}

bool is_notable(const CpuReading& cpu, int64_t nanoseconds, const RuleInput& input) {
  return cpu.cores(nanoseconds).value_or(1) >= input.thresholds.get(kMinCores);
}

bool is_saturated(const CpuReading& cpu, const RuleInput& input) {
  const std::optional<double> cores = cpu.cores(cpu.busy.value);
  if (!cores) return false;
  for (const model::MemoryStats& stats : input.facts.memory) {
    if (!stats.gomaxprocs || *stats.gomaxprocs == 0) continue;
    return 100 * *cores / static_cast<double>(*stats.gomaxprocs) >= input.thresholds.get(kSaturatedPercent);
  }
  return false;
}

std::optional<Severity> cpu_severity(const CpuReading& cpu, const Figure& figure, const CpuLimits& limits,
                                     const RuleInput& input) {
  const config::Thresholds& thresholds = input.thresholds;
  const double percent = cpu.percent(figure.value);
  if (static_cast<double>(figure.count) < thresholds.get(kMinSpotSamples)) return std::nullopt;
  if (!is_notable(cpu, figure.value, input)) return std::nullopt;
  if (percent < thresholds.get(limits.warning)) return std::nullopt;
  return percent >= thresholds.get(limits.critical) && is_saturated(cpu, input) ? Severity::kCritical
                                                                                : Severity::kWarning;
}

Judgement judge_hot_spots(const RuleInput& input, Figure CpuLine::* operation, const CpuLimits& limits,
                          SpotFinding finding) {
  const auto& lines = input.readings.own<CodeLines>();
  if (std::string reason = cpu_missing(lines, input); !reason.empty()) {
    return Judgement::unknown(std::move(reason));
  }
  Judgement judgement;
  for (const HotSpot& spot : hot_spots(*lines.cpu, operation)) {
    const auto severity = cpu_severity(*lines.cpu, spot.figure, limits, input);
    if (severity) {
      judgement.findings.push_back(finding(lines, spot, *severity, input.thresholds.get(limits.warning)));
    }
  }
  return judgement;
}

std::string cpu_cost_text(const CpuReading& cpu, int64_t nanoseconds) {
  std::string text = nanoseconds_text(nanoseconds) + " of " + nanoseconds_text(cpu.busy.value) + " of CPU";
  if (cpu.window_seconds > 0) text += " in " + seconds_text(cpu.window_seconds);
  return text;
}

std::vector<Evidence> cpu_evidence(const CpuReading& cpu, const Figure& figure, std::string name,
                                   double threshold) {
  std::vector<Evidence> evidence;
  evidence.push_back({.name = std::move(name),
                      .value = cpu.percent(figure.value),
                      .unit = "percent",
                      .threshold = threshold,
                      .basis = Basis::kSampled,
                      .artefact = cpu.fact->artefact,
                      .note = count_text(static_cast<double>(figure.count)) + " of " +
                              count_text(static_cast<double>(cpu.busy.count)) +
                              " CPU samples; idle marking by the collector is not counted"});
  if (const std::optional<double> cores = cpu.cores(figure.value)) {
    evidence.push_back({.name = "CPU seconds a second there",
                        .value = *cores,
                        .unit = "ratio",
                        .basis = Basis::kSampled,
                        .artefact = cpu.fact->artefact});
  }
  return evidence;
}

Evidence cpu_part(const CpuReading& cpu, std::string name, double percent, std::string note) {
  return {.name = std::move(name),
          .value = percent,
          .unit = "percent",
          .basis = Basis::kSampled,
          .artefact = cpu.fact->artefact,
          .note = std::move(note)};
}

}  // namespace edp::analyse::go
