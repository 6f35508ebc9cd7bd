#include "runner/analyse/rules/go/syncmap_use.h"

#include <algorithm>

#include "runner/analyse/format.h"

namespace edp::analyse::go {
namespace {

using C = SymbolClass;
using model::ProfileKind;

constexpr ClassSet kDeletes{C::kSyncMapDelete, C::kSyncMapClear};
constexpr ClassSet kPlainWrites{C::kSyncMapStore, C::kSyncMapCompareAndSwap};

// A LoadOrStore that stores allocates, locks or copies; one that finds its key does none of it. From a fifth
// of its samples on it is taken for a write.
bool mostly_stores(const MapSite& site) {
  const int64_t slow = std::max({site.with_class(C::kAlloc), site.with_class(C::kMutexLock),
                                 site.with_class(C::kSyncMapPromote), site.with_class(C::kMapAssign)});
  return slow >= site.total.value / 5;
}

Figure reads_of(const MapSite& site) {
  Figure reads = site.at(C::kSyncMapLoad);
  if (!mostly_stores(site)) reads.add(site.at(C::kSyncMapLoadOrStore));
  return reads;
}

Figure writes_of(const MapSite& site) {
  Figure writes = site.at(kPlainWrites);
  if (mostly_stores(site)) writes.add(site.at(C::kSyncMapLoadOrStore));
  return writes;
}

void keep_heaviest(const MapSite*& kept, int64_t& most, const MapSite* site, int64_t value) {
  if (value > most) {
    kept = site;
    most = value;
  }
}

}  // namespace

Figure SyncMapCpu::operations() const {
  Figure sum = reads;
  sum.add(writes);
  sum.add(deletes);
  return sum;
}

double SyncMapContention::contended() const { return std::min(1.0, writes + reads + deletes); }

SyncMapUses::SyncMapUses(const RuleInput& input) : input_(input), cpu_(input.readings.cpu()) {
  read_cpu();
  read_contention(input.readings);
  read_allocation(input.readings);
}

SyncMapUse& SyncMapUses::at(const std::string& place) {
  const auto found = std::ranges::find(uses_, place, &SyncMapUse::place);
  if (found != uses_.end()) return *found;
  uses_.push_back({.place = place});
  return uses_.back();
}

void SyncMapUses::read_cpu() {
  if (cpu_ == nullptr) return;
  for (const SiteGroup& group : group_sites(*cpu_, MapFamily::kSyncMap)) {
    SyncMapUse& use = at(group.place);
    SyncMapCpu& cpu = use.cpu.emplace();
    int64_t most_read = 0;
    int64_t most_written = 0;
    int64_t most_deleted = 0;
    int64_t most_walked = 0;
    for (const MapSite* site : group.sites) {
      const Figure reads = reads_of(*site);
      const Figure writes = writes_of(*site);
      const Figure deletes = site->at(kDeletes);
      cpu.reads.add(reads);
      cpu.writes.add(writes);
      cpu.deletes.add(deletes);
      cpu.callbacks.add(site->range_callback);
      const int64_t walked = site->range_cumulative.value - site->range_callback.value;
      cpu.walks.add(walked, site->range_cumulative.count - site->range_callback.count);
      cpu.promotion = saturating_add(cpu.promotion, site->with_class(C::kSyncMapPromote));
      if (reads.value > 0) {
        cpu.locked_reads = saturating_add(
            cpu.locked_reads, std::max(site->with_class(C::kSyncMapMiss),
                                       site->with_class(C::kMutexLock) + site->with_class(C::kMutexUnlock)));
      }
      keep_heaviest(use.read_site, most_read, site, reads.value);
      keep_heaviest(use.write_site, most_written, site, writes.value);
      keep_heaviest(use.delete_site, most_deleted, site, deletes.value);
      keep_heaviest(use.range_site, most_walked, site, site->range_cumulative.value);
    }
  }
}

void SyncMapUses::read_contention(Readings& readings) {
  mutex_ = readings.read(ProfileKind::kMutex, "delay", true);
  if (mutex_ != nullptr && mutex_->window_seconds <= 0) mutex_ = nullptr;
  const ProfileReading* block = readings.read(ProfileKind::kBlock, "delay", true);
  for (const ProfileReading* reading : {mutex_, block}) {
    if (reading == nullptr) continue;
    for (const SiteGroup& group : group_sites(*reading, MapFamily::kSyncMap)) {
      SyncMapUse& use = at(group.place);
      SyncMapContention contention;
      int64_t most_read = 0;
      for (const MapSite* site : group.sites) {
        const Figure reads = site->at(C::kSyncMapLoad);
        const Figure writes = site->at({C::kSyncMapStore, C::kSyncMapCompareAndSwap, C::kSyncMapLoadOrStore});
        const Figure deletes = site->at(kDeletes);
        contention.reads += reading->per_second(reads.value).value_or(0);
        contention.writes += reading->per_second(writes.value).value_or(0);
        contention.deletes += reading->per_second(deletes.value).value_or(0);
        if (reading->window_seconds > 0) {
          contention.read_events += static_cast<double>(reads.count) / reading->window_seconds;
          contention.events += static_cast<double>(site->total.count) / reading->window_seconds;
        }
        if (use.write_site == nullptr && writes.value > 0) use.write_site = site;
        if (use.read_site == nullptr && reads.value > 0) use.read_site = site;
        if (reads.count > 0)
          keep_heaviest(use.missed_read_site, most_read, site, std::max<int64_t>(reads.value, 1));
      }
      if (reading == mutex_) use.contention = contention;
    }
  }
}

void SyncMapUses::read_allocation(Readings& readings) {
  allocs_ = readings.read(ProfileKind::kAllocs, "alloc_objects", true);
  if (allocs_ == nullptr) allocs_ = readings.read(ProfileKind::kHeap, "alloc_objects", true);
  if (allocs_ == nullptr || allocs_->window_seconds <= 0) {
    allocs_ = nullptr;
    return;
  }
  const model::ProfileFact& fact = *allocs_->fact;
  const uint32_t space = fact.profile.type_index("alloc_space");
  const uint32_t live = fact.profile.type_index("inuse_objects");
  if (space == model::kNone || live == model::kNone) return;
  const std::vector<SiteGroup> by_space = group_sites(readings.read(fact, space), MapFamily::kSyncMap);
  const std::vector<SiteGroup> by_live = group_sites(readings.read(fact, live), MapFamily::kSyncMap);
  const bool classic = readings.sync_map_implementation() != MapImplementation::kSwiss;
  const double window = allocs_->window_seconds;
  for (const SiteGroup& group : group_sites(*allocs_, MapFamily::kSyncMap)) {
    SyncMapAllocation allocation;
    allocation.objects = static_cast<double>(group.total.value) / window;
    allocation.percent_of_objects = allocs_->percent(group.total.value);
    // A Store allocates the cell of its value; a new key its entry as well [classic], which newEntry makes.
    const auto stored = static_cast<double>(group.at({C::kSyncMapStore, C::kSyncMapLoadOrStore}).value);
    const auto inside = static_cast<double>(group.with_class(C::kSyncMapInternal));
    const auto inner =
        static_cast<double>(group.with_class(classic ? C::kSyncMapPromote : C::kSyncMapExpand));
    allocation.new_keys = std::max(0.0, (classic ? inside : stored) - inner) / window;
    allocation.stores = std::max(0.0, classic ? stored - inside - inner : stored - inner) / window;
    if (const SiteGroup* bytes = same_place(by_space, group.place)) {
      allocation.bytes = static_cast<double>(bytes->total.value) / window;
    }
    if (const SiteGroup* added = same_place(by_live, group.place)) {
      allocation.growth = static_cast<double>(added->total.value) / window;
    }
    at(group.place).allocation = allocation;
  }
}

std::string SyncMapUses::why_unknown() const {
  if (cpu_ != nullptr) return {};
  return "there is no CPU profile: " + input_.facts.why_missing("cpu");
}

double SyncMapUses::cores(int64_t cpu_nanoseconds) const {
  return cpu_->per_second(cpu_nanoseconds).value_or(0);
}

std::string SyncMapUses::contention_text(const SyncMapUse& use) const {
  if (input_.facts.rates.mutex_fraction == 0)
    return "whether goroutines wait for its lock is not known (mutex profiling is off)";
  if (mutex_ == nullptr) {
    return "whether goroutines wait for its lock is not known (mutex profile: " +
           input_.facts.why_missing("mutex.delta") + ")";
  }
  const double contended = use.contention ? use.contention->contended() : 0;
  if (contended < 0.001) return "nobody waits for its lock";
  return "goroutines wait for its lock " + percent_text(contended * 100) + " of the time";
}

std::optional<model::Severity> cpu_severity(const RuleInput& input, const SyncMapUses& uses,
                                            int64_t nanoseconds, const config::ThresholdSpec& warning,
                                            const config::ThresholdSpec& critical) {
  const double share = uses.percent(nanoseconds);
  const double cores = uses.cores(nanoseconds);
  // Without a window the share alone has to do.
  const bool timed = uses.cpu()->window_seconds > 0;
  if (share >= input.thresholds.get(critical) && (!timed || cores >= input.thresholds.get(kCriticalCores))) {
    return model::Severity::kCritical;
  }
  if (share >= input.thresholds.get(warning) && (!timed || cores >= input.thresholds.get(kMinSyncMapCores))) {
    return model::Severity::kWarning;
  }
  return std::nullopt;
}

bool keys_churn(const RuleInput& input, const SyncMapUse& use) {
  if (!use.cpu) return false;
  const double least = input.thresholds.get(kDeletePercent) / 100;
  const auto stores = static_cast<double>(use.cpu->writes.value);
  const auto deletes = static_cast<double>(use.cpu->deletes.value);
  if (stores <= 0 || deletes <= 0 || deletes < least * stores || stores < least * deletes) return false;
  // The map fills up where what it allocates stays.
  return !use.allocation || use.allocation->objects <= 0 ||
         use.allocation->growth * 100 < input.thresholds.get(kGrowthPercent) * use.allocation->objects;
}

std::string too_few_samples(const RuleInput& input, const SyncMapUses& uses, const Figure& figure) {
  const double least = input.thresholds.get(kMinSamples);
  if (figure.value == 0 || static_cast<double>(figure.count) >= least) return {};
  if (!cpu_severity(input, uses, figure.value)) return {};
  return "only " + std::to_string(figure.count) + " of " + std::to_string(uses.cpu()->total.count) +
         " CPU samples are in a sync.Map, " + count_text(least) +
         " are needed to judge its use: profile longer, or under load";
}

void add_cpu_evidence(model::Finding& finding, const SyncMapUses& uses, std::string name, int64_t nanoseconds,
                      std::optional<double> threshold) {
  finding.evidence.push_back({.name = std::move(name),
                              .value = uses.percent(nanoseconds),
                              .unit = "percent",
                              .threshold = threshold,
                              .basis = model::Basis::kSampled,
                              .artefact = std::string(uses.cpu()->artefact()),
                              .note = "of the process's CPU time; " +
                                      seconds_text(static_cast<double>(nanoseconds) / 1e9) +
                                      " in the window"});
}

void add_contention_evidence(model::Finding& finding, const SyncMapUses& uses, const SyncMapUse& use,
                             double threshold) {
  if (uses.mutex() == nullptr || !use.contention) return;
  finding.evidence.push_back({.name = "time in which goroutines wait for the map's lock",
                              .value = use.contention->contended() * 100,
                              .unit = "percent",
                              .threshold = threshold,
                              .basis = model::Basis::kSampled,
                              .artefact = std::string(uses.mutex()->artefact()),
                              .note = count_text(use.contention->events) + " contentions a second"});
}

}  // namespace edp::analyse::go
