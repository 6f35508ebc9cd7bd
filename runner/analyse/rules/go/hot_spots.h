// What the rules about the CPU cost of map operations have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/analyse/rule.h"
#include "runner/analyse/rules/go/code_lines.h"

namespace edp::analyse::go {

inline constexpr config::ThresholdSpec kMinCpuSamples = {
    .key = "cpu.min_samples",
    .value = 100,
    .unit = "count",
    .meaning = "CPU samples below which shares of the CPU are not judged"};
inline constexpr config::ThresholdSpec kMinSpotSamples = {
    .key = "cpu.min_spot_samples",
    .value = 10,
    .unit = "count",
    .meaning = "CPU samples below which a single place is not judged"};
inline constexpr config::ThresholdSpec kMinCores = {
    .key = "cpu.min_cores",
    .value = 0.05,
    .unit = "cores",
    .meaning = "cores below which the cost of a place does not matter, whatever its share"};
inline constexpr config::ThresholdSpec kSaturatedPercent = {
    .key = "cpu.saturated_percent",
    .value = 90,
    .unit = "percent",
    .meaning =
        "use of the CPUs that Go may use from which the process is short of CPU, and a hot spot may be "
        "critical"};

// A function of the user's whose lines call map operations; or, in_library, a function that reaches them
// through one package of the standard library. The map is then that package's, the call the user's.
struct HotSpot {
  CodeLine line;  // the heaviest
  bool in_library = false;
  std::string_view library;           // "encoding/json"
  Figure figure;                      // of the operation that was asked for
  std::vector<const CpuLine*> lines;  // heaviest first

  [[nodiscard]] std::string who() const;  // "main.load", "encoding/json (called by main.load)"
  // The function's further lines that have a notable part, and the library's line.
  [[nodiscard]] std::vector<model::SourceLocation> related(Figure CpuLine::* operation) const;
};

// Heaviest first. Lines with no user's frame above them are left out: nobody could act on them.
std::vector<HotSpot> hot_spots(const CpuReading& cpu, Figure CpuLine::* operation);

// Why shares of the CPU can't be judged; empty where they can.
std::string cpu_missing(const CodeLines& lines, const RuleInput& input);

// The place costs enough of a core to matter; true where the length of the profile is not known.
bool is_notable(const CpuReading& cpu, int64_t nanoseconds, const RuleInput& input);
// The process uses nearly all the CPUs that Go may use; false where their number is not known.
bool is_saturated(const CpuReading& cpu, const RuleInput& input);

struct CpuLimits {
  config::ThresholdSpec warning, critical;  // percent of busy CPU
};
// By what the spot costs the process: its share of the CPU in use. Critical only where the process is known
// to be short of CPU: elsewhere a hot spot costs money, and nobody waits for it. Unset = below the limits.
std::optional<model::Severity> cpu_severity(const CpuReading& cpu, const Figure& figure,
                                            const CpuLimits& limits, const RuleInput& input);

// What the rules about one operation share: a finding for each spot that costs enough.
using SpotFinding = model::Finding (*)(const CodeLines& lines, const HotSpot& spot, model::Severity severity,
                                       double warning_threshold);
Judgement judge_hot_spots(const RuleInput& input, Figure CpuLine::* operation, const CpuLimits& limits,
                          SpotFinding finding);

// "2.8 s of 3.1 s CPU in 10 s".
std::string cpu_cost_text(const CpuReading& cpu, int64_t nanoseconds);
// The share of the CPU with its threshold, the cores, and how many samples stand behind it.
std::vector<model::Evidence> cpu_evidence(const CpuReading& cpu, const Figure& figure, std::string name,
                                          double threshold);
// A share of the CPU without a threshold.
model::Evidence cpu_part(const CpuReading& cpu, std::string name, double percent, std::string note = {});

}  // namespace edp::analyse::go
