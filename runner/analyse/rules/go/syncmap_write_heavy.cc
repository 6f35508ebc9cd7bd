// GO-SYNCMAP-WRITE-HEAVY: a sync.Map that is written about as much as it is read, or more. See
// docs/rules/GO-SYNCMAP-WRITE-HEAVY.md.
#include <algorithm>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/rules.h"
#include "runner/analyse/rules/go/syncmap_use.h"
#include "runner/analyse/rules/go/trace_subjects.h"

namespace edp::analyse::go {
namespace {

using model::Basis;
using model::Finding;
using model::Severity;

// A Store costs one to four Loads: at half of the time there are at most about four Loads to a Store, where
// sync.Map is made for hundreds.
constexpr config::ThresholdSpec kWriteShare{
    "syncmap.write_share_percent", 50, "percent",
    "share of a sync.Map's CPU time in writes from which its loads are no longer far above its stores"};
constexpr config::ThresholdSpec kAllocPercent{
    "syncmap.alloc_percent", 30, "percent",
    "share of all allocated objects from which a sync.Map's are a WARNING"};
constexpr config::ThresholdSpec kAllocRate{
    "syncmap.alloc_per_second", 50000, "per_second",
    "objects a second below which a sync.Map's allocations do not matter"};

struct Verdict {
  Severity severity = Severity::kInfo;
  double write_share = 0;  // percent of the map's CPU time, or of its delay where CPU tells nothing
  bool by_contention = false;
};

double share(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

std::optional<Verdict> judge_use(const RuleInput& input, const SyncMapUses& uses, const SyncMapUse& use) {
  const auto limit = [&](const config::ThresholdSpec& spec) { return input.thresholds.get(spec); };
  Verdict verdict;
  const auto raise = [&](Severity severity) { verdict.severity = std::max(verdict.severity, severity); };

  const bool cpu_tells = use.cpu && static_cast<double>(use.cpu->operations().count) >= limit(kMinSamples);
  if (cpu_tells) {
    const int64_t writes = saturating_add(use.cpu->writes.value, use.cpu->deletes.value);
    verdict.write_share =
        share(static_cast<double>(writes), static_cast<double>(use.cpu->operations().value));
    if (verdict.write_share < limit(kWriteShare)) return std::nullopt;
    if (const auto severity = cpu_severity(input, uses, writes)) raise(*severity);
    if (use.allocation && use.allocation->percent_of_objects >= limit(kAllocPercent) &&
        use.allocation->objects >= limit(kAllocRate)) {
      raise(Severity::kWarning);
    }
  }
  if (use.contention) {
    const SyncMapContention& contention = *use.contention;
    const double held_by_writes = contention.writes + contention.deletes;
    const double contended = 100 * std::min(1.0, held_by_writes);
    // Without CPU samples the mix shows only in who held the lock: then nearly all must be writes.
    const bool writes_dominate = cpu_tells || held_by_writes >= 4 * contention.reads;
    if (writes_dominate && contended >= limit(kContendedPercent)) {
      if (!cpu_tells) verdict.write_share = share(held_by_writes, held_by_writes + contention.reads);
      verdict.by_contention = verdict.severity == Severity::kInfo;
      raise(contended >= limit(kContendedCriticalPercent) ? Severity::kCritical : Severity::kWarning);
    }
  }
  if (verdict.severity == Severity::kInfo) return std::nullopt;
  // GO-SYNCMAP-KEY-CHURN says the same cost more exactly: one CRITICAL is enough.
  if (keys_churn(input, use)) verdict.severity = std::min(verdict.severity, Severity::kWarning);
  return verdict;
}

std::string advice_of(const SyncMapUses& uses, const SyncMapUse& use) {
  const double contended = use.contention ? use.contention->contended() : 0;
  const double cores = use.cpu ? uses.cores(use.cpu->operations().value) : 0;
  const bool grows = use.cpu && use.cpu->promotion > 0;
  std::string advice;
  if (contended >= 0.1 || cores >= 1.5) {
    advice =
        "Split the map into shards, each a built-in map under a sync.Mutex of its own, chosen by a hash of "
        "the key "
        "(hash/maphash) and padded to a cache line: ";
    advice += contended >= 0.1
                  ? uses.contention_text(use) + ", and one plain lock would be the next bottleneck."
                  : count_text(cores) + " cores work in it at once, too many for one lock.";
  } else {
    advice =
        "Use a built-in map under a sync.RWMutex (a sync.Mutex where writes outnumber reads), made with the "
        "expected size: " +
        uses.contention_text(use) + ", and a Store into a built-in map allocates nothing";
    advice +=
        use.allocation && use.allocation->objects >= 1000
            ? ", where this sync.Map allocates " + count_text(use.allocation->objects) + " objects a second."
            : ", where sync.Map allocates an entry each time.";
  }
  if (!grows && use.cpu && use.cpu->deletes.value < use.cpu->writes.value / 10) {
    advice +=
        " If the keys stay and only their values change, store a pointer once and update an atomic field in "
        "what it points to: the Store becomes a Load.";
  }
  if (use.cpu && use.cpu->deletes.value >= use.cpu->writes.value / 5) {
    advice += " As keys are deleted again, see also GO-SYNCMAP-KEY-CHURN.";
  }
  return advice;
}

Finding finding_of(const RuleInput& input, const SyncMapUses& uses, const SyncMapUse& use,
                   const Verdict& verdict) {
  Finding finding;
  finding.severity = verdict.severity;
  const MapSite* site = use.write_site != nullptr ? use.write_site : use.delete_site;
  if (site != nullptr) {
    finding.location = site->location();
    finding.subject = sync_map_subject(site->function);
  }
  const std::string where = site != nullptr ? std::string(site->function) : use.place;
  if (use.cpu && !verdict.by_contention) {
    const int64_t writes = saturating_add(use.cpu->writes.value, use.cpu->deletes.value);
    finding.title =
        where + " writes a sync.Map too much: " + percent_text(uses.percent(writes)) + " of all CPU time";
    finding.summary = percent_text(verdict.write_share) + " of the CPU time in the sync.Map of " + use.place +
                      " goes into Stores and Deletes, " +
                      percent_text(share(static_cast<double>(use.cpu->reads.value),
                                         static_cast<double>(use.cpu->operations().value))) +
                      " into Loads; sync.Map pays off only when loads are far above stores. ";
  } else {
    finding.title = where + " makes goroutines wait for a sync.Map's lock " +
                    percent_text(use.contention->contended() * 100) + " of the time";
    finding.summary = percent_text(verdict.write_share) + " of the " +
                      (use.cpu && use.cpu->operations().count > 0 ? "work in" : "waiting for") +
                      " the sync.Map of " + use.place +
                      " is due to Stores and Deletes; they all pass through its lock. ";
  }
  std::string contention = uses.contention_text(use);
  contention.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(contention.front())));
  finding.summary += contention + ".";

  if (use.cpu) {
    const int64_t writes = saturating_add(use.cpu->writes.value, use.cpu->deletes.value);
    add_cpu_evidence(finding, uses, "CPU in sync.Map writes", writes, input.thresholds.get(kCpuPercent));
    finding.evidence.push_back({.name = "share of the map's CPU in writes",
                                .value = verdict.write_share,
                                .unit = "percent",
                                .threshold = input.thresholds.get(kWriteShare),
                                .basis = Basis::kSampled,
                                .artefact = std::string(uses.cpu()->artefact()),
                                .note = "time, not calls: a Store costs one to four Loads"});
    add_cpu_evidence(finding, uses, "CPU in sync.Map loads", use.cpu->reads.value, std::nullopt);
  }
  add_contention_evidence(finding, uses, use, input.thresholds.get(kContendedPercent));
  if (use.allocation) {
    const std::string artefact(uses.allocs()->artefact());
    finding.evidence.push_back({.name = "objects allocated in sync.Map operations",
                                .value = use.allocation->objects,
                                .unit = "per_second",
                                .basis = Basis::kSampled,
                                .artefact = artefact,
                                .note = percent_text(use.allocation->percent_of_objects) +
                                        " of all objects, " + bytes_rate_text(use.allocation->bytes)});
    finding.evidence.push_back({.name = "Stores",
                                .value = use.allocation->stores,
                                .unit = "per_second",
                                .basis = Basis::kInferred,
                                .artefact = artefact,
                                .note = "each Store allocates one cell for its value"});
  }
  for (const MapSite* other : {use.read_site, use.delete_site}) {
    if (other == nullptr || other == site) continue;
    finding.related.push_back(
        other->location(other == use.read_site ? "read of the same map" : "delete from the same map"));
  }
  finding.advice = advice_of(uses, use);
  return finding;
}

Judgement judge(const RuleInput& input) {
  const SyncMapUses uses(input);
  Judgement judgement;
  std::string too_few;
  for (const SyncMapUse& use : uses.all()) {
    if (const std::optional<Verdict> verdict = judge_use(input, uses, use)) {
      judgement.findings.push_back(finding_of(input, uses, use, *verdict));
    } else if (use.cpu && too_few.empty()) {
      Figure writes = use.cpu->writes;
      writes.add(use.cpu->deletes);
      const bool might = static_cast<double>(writes.value) * 100 >=
                         input.thresholds.get(kWriteShare) * static_cast<double>(use.cpu->operations().value);
      if (might) too_few = too_few_samples(input, uses, writes);
    }
  }
  if (judgement.findings.empty())
    judgement.cannot_tell = uses.cpu() == nullptr ? uses.why_unknown() : too_few;
  return judgement;
}

}  // namespace

Rule syncmap_write_heavy() {
  return {
      .id = "GO-SYNCMAP-WRITE-HEAVY",
      .title = "A sync.Map is written about as much as it is read",
      .requirement = "G4",
      .thresholds = {kWriteShare, kCpuPercent, kCpuCriticalPercent, kMinSyncMapCores, kCriticalCores,
                     kContendedPercent, kContendedCriticalPercent, kAllocPercent, kAllocRate, kMinSamples},
      .judge = judge};
}

}  // namespace edp::analyse::go
