// GO-SYNCMAP-KEY-CHURN: keys of a sync.Map live only for a short time. See
// docs/rules/GO-SYNCMAP-KEY-CHURN.md.
#include <algorithm>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/rules.h"
#include "runner/analyse/rules/go/syncmap_use.h"

namespace edp::analyse::go {
namespace {

using model::Basis;
using model::Finding;
using model::Severity;

Finding finding_of(const RuleInput& input, const SyncMapUses& uses, const SyncMapUse& use,
                   Severity severity) {
  Finding finding;
  finding.severity = severity;
  finding.location = use.write_site->location();
  const int64_t cost = saturating_add(use.cpu->writes.value, use.cpu->deletes.value);
  finding.title = "Keys come and go in a sync.Map of " + use.place + ": " + percent_text(uses.percent(cost)) +
                  " of all CPU time";
  finding.summary =
      "Stores take " + percent_text(uses.percent(use.cpu->writes.value)) + " and Deletes " +
      percent_text(uses.percent(use.cpu->deletes.value)) +
      " of the process's CPU time. Each short-lived key allocates its entry, takes the slow path in and "
      "out, and leaves garbage.";
  if (use.cpu->promotion > 0) {
    finding.summary += " As the keys are always new, the read map is copied again and again: " +
                       percent_text(uses.percent(use.cpu->promotion)) + " of CPU time.";
  }
  add_cpu_evidence(finding, uses, "CPU in stores and deletes", cost, input.thresholds.get(kCpuPercent));
  finding.evidence.push_back({.name = "deletes' CPU against stores'",
                              .value = 100 * static_cast<double>(use.cpu->deletes.value) /
                                       static_cast<double>(use.cpu->writes.value),
                              .unit = "percent",
                              .threshold = input.thresholds.get(kDeletePercent),
                              .basis = Basis::kSampled,
                              .artefact = std::string(uses.cpu()->artefact()),
                              .note = "time, not calls"});
  if (use.allocation) {
    const std::string artefact(uses.allocs()->artefact());
    finding.evidence.push_back({.name = "new keys",
                                .value = use.allocation->new_keys,
                                .unit = "per_second",
                                .basis = Basis::kInferred,
                                .artefact = artefact,
                                .note = "from the entries allocated in Store"});
    finding.evidence.push_back({.name = "objects of the map that stay alive",
                                .value = use.allocation->growth,
                                .unit = "per_second",
                                .basis = Basis::kSampled,
                                .artefact = artefact,
                                .note = "of " + rate_text(use.allocation->objects) + " allocated, " +
                                        bytes_rate_text(use.allocation->bytes)});
  }
  add_contention_evidence(finding, uses, use, input.thresholds.get(kContendedPercent));
  finding.related.push_back(use.delete_site->location("delete from the same map"));
  if (use.read_site != nullptr) finding.related.push_back(use.read_site->location("read of the same map"));
  const double contended = use.contention ? use.contention->contended() : 0;
  finding.advice =
      "If this is a cache, use a cache library that evicts by size and age itself (otter or ristretto for Go "
      "values, freecache for bytes, which the garbage collector need not scan)";
  if (use.allocation && use.allocation->bytes > 0) {
    finding.advice += ": the map makes " + bytes_rate_text(use.allocation->bytes) + " of garbage";
  }
  finding.advice += ". If the keys are requests in flight, use ";
  finding.advice += contended >= 0.1
                        ? "a sharded built-in map, one sync.Mutex a shard, as " + uses.contention_text(use)
                        : "a built-in map under a sync.Mutex, as " + uses.contention_text(use);
  finding.advice += ": it uses the room of deleted keys again and allocates no entries.";
  return finding;
}

Judgement judge(const RuleInput& input) {
  const SyncMapUses uses(input);
  if (uses.cpu() == nullptr) return Judgement::unknown(uses.why_unknown());
  Judgement judgement;
  for (const SyncMapUse& use : uses.all()) {
    if (!use.cpu || use.write_site == nullptr || use.delete_site == nullptr) continue;
    if (!keys_churn(input, use)) continue;
    Figure cost = use.cpu->writes;
    cost.add(use.cpu->deletes);
    const auto severity = cpu_severity(input, uses, cost.value);
    if (!severity) continue;
    const std::string too_few = too_few_samples(input, uses, cost);
    if (too_few.empty()) {
      judgement.findings.push_back(finding_of(input, uses, use, *severity));
    } else {
      judgement.cannot_tell = too_few;
    }
  }
  if (!judgement.findings.empty()) judgement.cannot_tell.clear();
  return judgement;
}

}  // namespace

Rule syncmap_key_churn() {
  return {.id = "GO-SYNCMAP-KEY-CHURN",
          .title = "Keys of a sync.Map live only for a short time",
          .requirement = "G4",
          .thresholds = {kDeletePercent, kGrowthPercent, kCpuPercent, kCpuCriticalPercent, kMinSyncMapCores,
                         kCriticalCores, kContendedPercent, kMinSamples},
          .judge = judge};
}

}  // namespace edp::analyse::go
