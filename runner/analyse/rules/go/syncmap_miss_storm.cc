// GO-SYNCMAP-MISS-STORM: loads of a classic sync.Map miss its read map again and again, so that the dirty map
// is promoted and copied. See docs/rules/GO-SYNCMAP-MISS-STORM.md.
#include <algorithm>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/rules.h"
#include "runner/analyse/rules/go/syncmap_use.h"

namespace edp::analyse::go {
namespace {

using model::Basis;
using model::Finding;
using model::Severity;

constexpr config::ThresholdSpec kPromotePercent{
    "syncmap.promote_percent", 5, "percent",
    "share of the process's CPU time in promotions and missed loads of a sync.Map that is a WARNING"};
constexpr config::ThresholdSpec kPromoteCriticalPercent{
    "syncmap.promote_critical_percent", 20, "percent",
    "share of the process's CPU time in promotions and missed loads of a sync.Map that is CRITICAL"};
constexpr config::ThresholdSpec kMisses{"syncmap.misses_per_second", 5000, "per_second",
                                        "misses of a sync.Map's read map below which it is healthy"};

struct Verdict {
  Severity severity = Severity::kInfo;
  int64_t wasted = 0;       // CPU nanoseconds in promotion and in loads under the lock
  double held = 0;          // share of the time, in percent, in which somebody waits for a missed load
  double least_misses = 0;  // a second; a lower bound
};

std::optional<Verdict> judge_use(const RuleInput& input, const SyncMapUses& uses, const SyncMapUse& use) {
  Verdict verdict;
  const auto raise = [&](Severity severity) { verdict.severity = std::max(verdict.severity, severity); };
  const bool missed_reads = use.missed_read_site != nullptr || (use.cpu && use.cpu->locked_reads > 0);
  if (use.cpu) {
    verdict.wasted = saturating_add(use.cpu->promotion, use.cpu->locked_reads);
    // Range promotes as well. Where it is there and no read was seen to miss, it is the likelier cause.
    const bool by_range = !missed_reads && use.range_site != nullptr;
    Figure all = use.cpu->operations();
    if (!by_range && static_cast<double>(all.count) >= input.thresholds.get(kMinSamples)) {
      const auto severity =
          cpu_severity(input, uses, verdict.wasted, kPromotePercent, kPromoteCriticalPercent);
      if (severity) raise(*severity);
    }
  }
  if (use.contention) {
    verdict.held = 100 * std::min(1.0, use.contention->reads);
    verdict.least_misses = use.contention->read_events;
    if (verdict.held >= input.thresholds.get(kContendedPercent)) {
      raise(verdict.held >= input.thresholds.get(kContendedCriticalPercent) ? Severity::kCritical
                                                                            : Severity::kWarning);
    }
    if (verdict.least_misses >= input.thresholds.get(kMisses)) raise(Severity::kWarning);
  }
  if (verdict.severity == Severity::kInfo) return std::nullopt;
  return verdict;
}

Finding finding_of(const RuleInput& input, const SyncMapUses& uses, const SyncMapUse& use,
                   const Verdict& verdict) {
  Finding finding;
  finding.severity = verdict.severity;
  const MapSite* load = use.missed_read_site != nullptr ? use.missed_read_site : use.read_site;
  const MapSite* site = load != nullptr ? load : use.write_site != nullptr ? use.write_site : use.delete_site;
  if (site != nullptr) finding.location = site->location();
  const std::string cost = verdict.wasted > 0
                               ? percent_text(uses.percent(verdict.wasted)) + " of all CPU time"
                               : "waiting " + percent_text(verdict.held) + " of the time";
  finding.title = "Loads in " + (load != nullptr ? std::string(load->function) : use.place) +
                  " miss sync.Map's read map again and again: " + cost;
  finding.summary =
      "Keys that are new to the sync.Map of " + use.place +
      " are not in its read map, so looking them up takes its lock; after as many misses as it has keys "
      "the dirty map is promoted, and the next new key copies all of it (dirtyLocked).";
  if (use.cpu && use.cpu->promotion > 0) {
    finding.summary += " That copying alone takes " + percent_text(uses.percent(use.cpu->promotion)) +
                       " of the process's CPU time.";
  }
  if (use.cpu) {
    add_cpu_evidence(finding, uses, "CPU in promotions and missed loads", verdict.wasted,
                     input.thresholds.get(kPromotePercent));
    add_cpu_evidence(finding, uses, "CPU in copying the read map (dirtyLocked)", use.cpu->promotion,
                     std::nullopt);
    add_cpu_evidence(finding, uses, "CPU in loads that took the lock", use.cpu->locked_reads, std::nullopt);
  }
  if (uses.mutex() != nullptr) {
    finding.evidence.push_back(
        {.name = "misses",
         .value = verdict.least_misses,
         .unit = "per_second",
         .threshold = input.thresholds.get(kMisses),
         .basis = Basis::kInferred,
         .artefact = std::string(uses.mutex()->artefact()),
         .note = "a lower bound: only misses that others had to wait for; the true rate can't "
                 "be seen in profiles and needs live inspection"});
  }
  add_contention_evidence(finding, uses, use, input.thresholds.get(kContendedPercent));
  if (use.write_site != nullptr && use.write_site != site) {
    finding.related.push_back(use.write_site->location("store that copies the map"));
  }
  finding.advice =
      "Build with Go 1.24 or later, whose sync.Map is a trie without a read map, misses or promotions. Until "
      "then, use a "
      "built-in map under a sync.RWMutex: " +
      uses.contention_text(use) +
      ", and each of these Loads takes a lock anyway. Where Loads mostly ask for keys that were never "
      "stored, a small "
      "filter in front of the map saves the look-up.";
  return finding;
}

Judgement judge(const RuleInput& input) {
  if (input.readings.sync_map_implementation() == MapImplementation::kSwiss) {
    return Judgement::inapplicable(
        "this program's sync.Map is the trie of Go 1.24 and later: it has no misses and no "
        "promotions");
  }
  const SyncMapUses uses(input);
  Judgement judgement;
  std::string too_few;
  for (const SyncMapUse& use : uses.all()) {
    if (const std::optional<Verdict> verdict = judge_use(input, uses, use)) {
      judgement.findings.push_back(finding_of(input, uses, use, *verdict));
    } else if (use.cpu && use.cpu->promotion > 0 && too_few.empty()) {
      too_few = too_few_samples(input, uses, use.cpu->operations());
    }
  }
  if (judgement.findings.empty())
    judgement.cannot_tell = uses.cpu() == nullptr ? uses.why_unknown() : too_few;
  return judgement;
}

}  // namespace

Rule syncmap_miss_storm() {
  return {.id = "GO-SYNCMAP-MISS-STORM",
          .title = "Loads of a sync.Map miss its read map again and again (Go up to 1.23)",
          .requirement = "G4",
          .thresholds = {kPromotePercent, kPromoteCriticalPercent, kMisses, kMinSyncMapCores, kCriticalCores,
                         kContendedPercent, kContendedCriticalPercent, kMinSamples},
          .judge = judge};
}

}  // namespace edp::analyse::go
