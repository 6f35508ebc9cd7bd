// GO-SYNCMAP-RANGE: sync.Map.Range takes too long or runs too often. See docs/rules/GO-SYNCMAP-RANGE.md.
#include <algorithm>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/rules.h"
#include "runner/analyse/rules/go/syncmap_use.h"

namespace edp::analyse::go {
namespace {

using model::Basis;
using model::Finding;
using model::Severity;

constexpr config::ThresholdSpec kRangePercent{"syncmap.range_percent", 10, "percent",
                                              "share of the process's CPU time that walking a sync.Map "
                                              "takes, callbacks not counted, that is a WARNING"};
constexpr config::ThresholdSpec kRangeCriticalPercent{
    "syncmap.range_critical_percent", 30, "percent",
    "share of the process's CPU time that walking a sync.Map takes, callbacks not counted, that is CRITICAL"};
constexpr config::ThresholdSpec kRangeMilliseconds{"syncmap.range_milliseconds", 1, "milliseconds",
                                                   "a Range that takes longer is too long"};

Finding finding_of(const RuleInput& input, const SyncMapUses& uses, const SyncMapUse& use,
                   Severity severity) {
  Finding finding;
  finding.severity = severity;
  const MapSite& site = *use.range_site;
  finding.location = site.location();
  const Figure& walk = use.cpu->walks;
  const Figure& callbacks = use.cpu->callbacks;
  const int64_t together = saturating_add(walk.value, callbacks.value);
  const double a_second = uses.cores(together);
  const double longest = input.thresholds.get(kRangeMilliseconds);
  finding.title = std::string(site.function) + " spends " + percent_text(uses.percent(together)) +
                  " of all CPU time in sync.Map.Range";
  finding.summary = "Walking the sync.Map of " + use.place + " takes " +
                    percent_text(uses.percent(walk.value)) + " of the process's CPU time, its callbacks " +
                    percent_text(uses.percent(callbacks.value)) + ".";
  if (a_second > 0) {
    // The one thing that follows for certain from time alone.
    finding.summary += " That is " + seconds_text(a_second) +
                       " of each second: either a Range takes longer than " + seconds_text(longest / 1e3) +
                       ", or there are more than " + rate_text(a_second * 1e3 / longest) + ".";
  }
  add_cpu_evidence(finding, uses, "CPU in walking the map", walk.value, input.thresholds.get(kRangePercent));
  add_cpu_evidence(finding, uses, "CPU in callbacks of Range", callbacks.value, std::nullopt);
  if (a_second > 0) {
    finding.evidence.push_back(
        {.name = "length of a Range at one a second",
         .value = a_second * 1e3,
         .unit = "milliseconds",
         .threshold = longest,
         .basis = Basis::kInferred,
         .artefact = std::string(uses.cpu()->artefact()),
         .note = "a profile shows neither the number nor the length of single calls; an execution "
                 "trace or live inspection does"});
  }
  if (use.write_site != nullptr) finding.related.push_back(use.write_site->location("write to the same map"));
  finding.advice =
      "Keep what the walk computes up to date as entries come and go (an atomic counter or total), or keep a "
      "finished snapshot behind an atomic.Pointer and rebuild it at intervals: the time goes into visiting "
      "every entry, each behind a pointer of its own. A built-in map under a sync.RWMutex holds its entries "
      "side by side and is several times faster to walk.";
  if (use.cpu->promotion > 0) {
    finding.advice += " Here each Range also promotes the map, and the next new key copies all of it (" +
                      percent_text(uses.percent(use.cpu->promotion)) + " of CPU time).";
  }
  return finding;
}

Judgement judge(const RuleInput& input) {
  const SyncMapUses uses(input);
  if (uses.cpu() == nullptr) return Judgement::unknown(uses.why_unknown());
  Judgement judgement;
  for (const SyncMapUse& use : uses.all()) {
    if (!use.cpu || use.range_site == nullptr) continue;
    const auto severity =
        cpu_severity(input, uses, use.cpu->walks.value, kRangePercent, kRangeCriticalPercent);
    if (!severity) continue;
    if (static_cast<double>(use.cpu->walks.count) >= input.thresholds.get(kMinSamples)) {
      judgement.findings.push_back(finding_of(input, uses, use, *severity));
    } else {
      judgement.cannot_tell = too_few_samples(input, uses, use.cpu->walks);
    }
  }
  if (!judgement.findings.empty()) judgement.cannot_tell.clear();
  return judgement;
}

}  // namespace

Rule syncmap_range() {
  return {.id = "GO-SYNCMAP-RANGE",
          .title = "sync.Map.Range takes too long or runs too often",
          .requirement = "G4",
          .thresholds = {kRangePercent, kRangeCriticalPercent, kRangeMilliseconds, kMinSyncMapCores,
                         kCriticalCores, kMinSamples},
          .judge = judge};
}

}  // namespace edp::analyse::go
