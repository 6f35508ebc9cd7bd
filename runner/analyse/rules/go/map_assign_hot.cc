// GO-MAP-ASSIGN-HOT: one function's map assignments take a large part of the CPU.
#include <utility>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/hot_spots.h"
#include "runner/analyse/rules/go/rules.h"

namespace edp::analyse::go {
namespace {

constexpr config::ThresholdSpec kWarning = {.key = "map.assign_percent",
                                            .value = 40,
                                            .unit = "percent",
                                            .meaning =
                                                "share of the busy CPU in one function's map assignments, "
                                                "growth not counted, from which they are hot"};
constexpr config::ThresholdSpec kCritical = {.key = "map.assign_critical_percent",
                                             .value = 75,
                                             .unit = "percent",
                                             .meaning = "the same, from which they are critical"};

// From this part of the assignments on, one of their steps decides the advice.
constexpr double kDecisivePercent = 25;

CpuLine totals(const HotSpot& spot) {
  CpuLine total;
  for (const CpuLine* line : spot.lines) {
    total.assign.add(line->assign);
    total.growth.add(line->growth);
    total.assign_hashing = saturating_add(total.assign_hashing, line->assign_hashing);
    total.assign_comparing = saturating_add(total.assign_comparing, line->assign_comparing);
    total.assign_copying = saturating_add(total.assign_copying, line->assign_copying);
    total.assign_allocating = saturating_add(total.assign_allocating, line->assign_allocating);
    total.assign_generic |= line->assign_generic;
  }
  return total;
}

// Lookups in the same function, at whichever line.
int64_t access_nearby(const CpuReading& cpu, const HotSpot& spot) {
  int64_t total = 0;
  for (const CpuLine& line : cpu.lines) {
    if (line.caller.user.function == spot.line.function && line.caller.in_library() == spot.in_library) {
      total = saturating_add(total, line.access.value);
    }
  }
  return total;
}

std::string advice(const HotSpot& spot, const CpuLine& total, int64_t access) {
  if (spot.in_library) {
    return "The map is filled inside " + std::string(spot.library) +
           ": call it less often, or hand it a type without maps (a struct instead of map[string]any).";
  }
  const double hashing = total.assign_percent(total.assign_hashing);
  const double comparing = total.assign_percent(total.assign_comparing);
  const double copying = total.assign_percent(total.assign_copying);
  std::string text;
  if (hashing + comparing >= kDecisivePercent) {
    text += "Hashing and comparing keys take " + percent_text(hashing + comparing) +
            " of the assignments: use a shorter key, such as an integer id that is given to each key once";
    text +=
        total.assign_generic ? ", and one of 4 or 8 bytes or a string, for which Go has faster maps. " : ". ";
  }
  if (copying >= kDecisivePercent) {
    text += "Copying values takes " + percent_text(copying) +
            " of the assignments: keep large values in a slice, and their index in the map. ";
  }
  if (total.assign_allocating > 0 && total.assign_percent(total.assign_allocating) >= kDecisivePercent) {
    text += "Allocating takes " + percent_text(total.assign_percent(total.assign_allocating)) +
            " of the assignments: the map takes in new keys all the time; make it with the size it reaches. ";
  }
  if (access > total.assign.value / 4) {
    text += "The same function also looks keys up (" + nanoseconds_text(access) +
            " of CPU): one search can do for both, with values that are changed in place (map[K]*V, or an "
            "index into "
            "a slice). ";
  }
  if (text.empty()) {
    text =
        "Most of it is walking the table, which is waiting for memory: assign less often (collect in a local "
        "variable or "
        "a small map and add up in batches), change values in place (map[K]*V, or an index into a slice) "
        "when the "
        "keys stay the same, or use a slice when the keys are small integers. ";
  }
  text.pop_back();
  return text;
}

model::Finding finding(const CodeLines& lines, const HotSpot& spot, model::Severity severity,
                       double threshold) {
  const CpuReading& cpu = *lines.cpu;
  const CpuLine total = totals(spot);
  const std::string share = percent_text(cpu.percent(spot.figure.value));
  model::Finding f;
  f.rule = "GO-MAP-ASSIGN-HOT";
  f.severity = severity;
  f.title = "Map assignments in " + spot.who() + " take " + share + " of the CPU";
  const std::pair<std::string_view, int64_t> parts[] = {{"hashing keys", total.assign_hashing},
                                                        {"comparing keys", total.assign_comparing},
                                                        {"copying values", total.assign_copying},
                                                        {"allocating", total.assign_allocating}};
  std::string shares;
  for (const auto& [what, nanoseconds] : parts) {
    if (nanoseconds <= 0) continue;
    shares += std::string(what) + " " + percent_text(total.assign_percent(nanoseconds)) + ", ";
  }
  f.summary = "Assigning to a map takes " + cpu_cost_text(cpu, spot.figure.value) + " (" + share +
              "); growing the map is not in this figure.";
  if (!shares.empty()) f.summary += " Of it: " + shares + "and the rest walks the table.";
  f.evidence = cpu_evidence(cpu, spot.figure, "CPU in map assignments", threshold);
  for (const auto& [what, nanoseconds] : parts) {
    if (nanoseconds <= 0) continue;
    f.evidence.push_back(
        cpu_part(cpu, "of the assignments: " + std::string(what), total.assign_percent(nanoseconds)));
  }
  if (total.growth.value > 0) {
    f.evidence.push_back(cpu_part(cpu, "CPU in growing maps there", cpu.percent(total.growth.value)));
  }
  f.location = spot.line.location("map operation");
  f.related = spot.related(&CpuLine::assign);
  f.advice = advice(spot, total, access_nearby(cpu, spot));
  return f;
}

Judgement judge(const RuleInput& input) {
  return judge_hot_spots(input, &CpuLine::assign, {kWarning, kCritical}, finding);
}

}  // namespace

Rule map_assign_hot() {
  return {.id = "GO-MAP-ASSIGN-HOT",
          .title = "Map assignments of one function take a large part of the CPU",
          .requirement = "G5",
          .thresholds = {kWarning, kCritical, kMinCpuSamples, kMinSpotSamples, kMinCores, kSaturatedPercent},
          .judge = judge};
}

}  // namespace edp::analyse::go
