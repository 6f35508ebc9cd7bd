#include "runner/report/facts_json.h"

namespace edp::report {
namespace {

using Json = nlohmann::ordered_json;
using model::ProfileKind;

Json entry(std::string_view name, Json rate, std::string_view unit, std::string_view state,
           std::string_view meaning, std::string_view how_to_change) {
  return {{"name", name},   {"rate", std::move(rate)}, {"unit", unit},
          {"state", state}, {"meaning", meaning},      {"how_to_change", how_to_change}};
}

Json mutex_entry(const model::SamplingRates& rates) {
  constexpr std::string_view kUnit = "one of N contention events";
  constexpr std::string_view kHow =
      "runtime.SetMutexProfileFraction(100) in the program: 1 in load tests, 50 to 200 in a canary.";
  if (!rates.mutex_fraction) {
    return entry("mutex", nullptr, kUnit, "unknown",
                 "The target did not say whether it samples lock contention.", kHow);
  }
  if (*rates.mutex_fraction <= 0) {
    return entry("mutex", *rates.mutex_fraction, kUnit, "off",
                 "Lock contention is not sampled: an empty mutex profile is no proof that nobody waits.",
                 kHow);
  }
  return entry("mutex", *rates.mutex_fraction, kUnit, "on",
               *rates.mutex_fraction == 1 ? "Every contention event is counted."
                                          : "The figures are estimates, already scaled up by N.",
               "");
}

Json cpu_entry(const model::ProfileFact& fact) {
  if (fact.profile.period <= 0) {
    return entry("cpu", nullptr, "samples a second of CPU time", "unknown", "The profile names no period.",
                 "");
  }
  const int64_t rate = (1'000'000'000 + fact.profile.period / 2) / fact.profile.period;
  return entry("cpu", rate, "samples a second of CPU time", "on",
               "Work shorter than a sampling period shows only if it recurs.", "");
}

Json heap_entry(const model::ProfileFact& fact) {
  constexpr std::string_view kUnit = "one sample in N bytes allocated";
  if (fact.profile.period <= 0) {
    return entry("heap", fact.profile.period, kUnit, "off",
                 "Allocations are not sampled: the heap profile is empty.",
                 "runtime.MemProfileRate = 512 * 1024 as the first statement of main.");
  }
  return entry("heap", fact.profile.period, kUnit, "on",
               fact.profile.period == 1
                   ? "Every allocation is counted."
                   : "The figures are estimates, already scaled up; rare small objects may be missing.",
               "");
}

// The block profile does not tell its rate; only figures in it prove that it is on.
Json block_entry(const model::ProfileFact& fact) {
  constexpr std::string_view kUnit = "one event in N nanoseconds blocked";
  if (fact.profile.sample_count() > 0) {
    return entry("block", nullptr, kUnit, "on",
                 "The target keeps its rate to itself; waits shorter than it are estimates.", "");
  }
  return entry("block", nullptr, kUnit, "unknown",
               "The profile is empty: block profiling is off, or nothing has blocked.",
               "runtime.SetBlockProfileRate(10000) in the program samples one event in 10 µs of waiting.");
}

}  // namespace

Json sampling_json(const model::Facts& facts) {
  const auto any = [&](ProfileKind kind) {
    const model::ProfileFact* whole = facts.last(kind, false);
    return whole != nullptr ? whole : facts.last(kind, true);
  };
  Json out = Json::array();
  if (const auto* cpu = any(ProfileKind::kCpu)) out.push_back(cpu_entry(*cpu));
  if (const auto* heap = any(ProfileKind::kHeap)) out.push_back(heap_entry(*heap));
  out.push_back(mutex_entry(facts.rates));
  if (const auto* block = any(ProfileKind::kBlock)) out.push_back(block_entry(*block));
  return out;
}

}  // namespace edp::report
