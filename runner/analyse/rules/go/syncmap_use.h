// How each sync.Map of a target is used, for the sync.Map rules: one record a place ("main.(*Cache)"), put
// together from the CPU, mutex, block and allocation profiles.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runner/analyse/rule.h"
#include "runner/analyse/sites.h"

namespace edp::analyse::go {

// Thresholds that several sync.Map rules share.
inline constexpr config::ThresholdSpec kCpuPercent{
    "syncmap.cpu_percent", 10, "percent",
    "share of the process's CPU time from which a sync.Map's cost is a WARNING"};
inline constexpr config::ThresholdSpec kCpuCriticalPercent{
    "syncmap.cpu_critical_percent", 30, "percent",
    "share of the process's CPU time from which a sync.Map's cost is CRITICAL"};
inline constexpr config::ThresholdSpec kMinSyncMapCores{
    "syncmap.min_cores", 0.01, "cores", "a sync.Map that takes less CPU than this is never reported for it"};
inline constexpr config::ThresholdSpec kCriticalCores{
    "syncmap.critical_cores", 0.05, "cores",
    "a sync.Map that takes less CPU than this is never CRITICAL for it"};
inline constexpr config::ThresholdSpec kContendedPercent{
    "syncmap.contended_percent", 10, "percent",
    "share of the time in which goroutines wait for a sync.Map's lock, from which it is a WARNING"};
inline constexpr config::ThresholdSpec kContendedCriticalPercent{
    "syncmap.contended_critical_percent", 50, "percent",
    "share of the time in which goroutines wait for a sync.Map's lock, from which it is CRITICAL"};
inline constexpr config::ThresholdSpec kMinSamples{
    "syncmap.min_samples", 20, "count", "CPU samples in a sync.Map below which its use is not judged"};

// CPU time, in nanoseconds and samples, of one sync.Map by what it goes to.
struct SyncMapCpu {
  Figure reads;    // Load, and LoadOrStore where it mostly finds the key
  Figure writes;   // Store, Swap, CompareAndSwap, and LoadOrStore where it mostly stores
  Figure deletes;  // Delete, LoadAndDelete, CompareAndDelete, Clear
  Figure walks;    // Range without its callbacks
  Figure callbacks;
  int64_t promotion = 0;                    // copying the read map [classic]
  int64_t locked_reads = 0;                 // reads that took the lock, that is, missed [classic]
  [[nodiscard]] Figure operations() const;  // reads, writes and deletes
};

// Waiting for the locks inside one sync.Map, over the window of the mutex profile.
struct SyncMapContention {
  double writes = 0, reads = 0, deletes = 0;  // seconds of delay a second, by who held the lock
  double read_events = 0, events = 0;         // contentions a second
  // The share of the time in which somebody waited, 0..1: Go up to 1.21 counts one waiter, later versions all
  // of them (golang/go#61015), so what is above one is cut off and the verdict is the same for all.
  [[nodiscard]] double contended() const;
};

// What one sync.Map allocates, a second.
struct SyncMapAllocation {
  double objects = 0, bytes = 0;  // inside its operations
  double stores = 0;              // Stores, inferred: each allocates one entry
  double new_keys = 0;            // entries for keys that were not there; classic only, else equal to stores
  double growth = 0;              // objects that were added to the live heap
  double percent_of_objects = 0;  // of all that the process allocates
};

struct SyncMapUse {
  std::string place;  // "main.(*Cache)"
  std::optional<SyncMapCpu> cpu;
  std::optional<SyncMapContention> contention;
  std::optional<SyncMapAllocation> allocation;
  // Heaviest lines, by CPU where there is any, else by delay; nullptr where none was seen.
  const MapSite* read_site = nullptr;
  const MapSite* write_site = nullptr;
  const MapSite* delete_site = nullptr;
  const MapSite* range_site = nullptr;
  const MapSite* missed_read_site = nullptr;  // a read in the mutex or block profile [classic]
};

class SyncMapUses {
 public:
  explicit SyncMapUses(const RuleInput& input);

  [[nodiscard]] const std::vector<SyncMapUse>& all() const { return uses_; }  // heaviest first
  [[nodiscard]] const ProfileReading* cpu() const { return cpu_; }
  [[nodiscard]] const ProfileReading* mutex() const { return mutex_; }
  [[nodiscard]] const ProfileReading* allocs() const { return allocs_; }
  // Why no verdict is possible at all (no CPU profile), or empty.
  [[nodiscard]] std::string why_unknown() const;
  [[nodiscard]] double percent(int64_t cpu_nanoseconds) const { return cpu_->percent(cpu_nanoseconds); }
  [[nodiscard]] double cores(int64_t cpu_nanoseconds) const;
  // "nobody waits for its lock", "its lock is contended 12% of the time", "mutex profiling is off, ...".
  [[nodiscard]] std::string contention_text(const SyncMapUse& use) const;

 private:
  SyncMapUse& at(const std::string& place);
  void read_cpu();
  void read_contention(Readings& readings);
  void read_allocation(Readings& readings);

  const RuleInput& input_;
  const ProfileReading* cpu_ = nullptr;
  const ProfileReading* mutex_ = nullptr;   // delay over a window
  const ProfileReading* allocs_ = nullptr;  // objects over a window
  std::vector<SyncMapUse> uses_;
};

// WARNING or CRITICAL where `nanoseconds` of CPU reach the shares and cores of the thresholds, else unset.
std::optional<model::Severity> cpu_severity(const RuleInput& input, const SyncMapUses& uses,
                                            int64_t nanoseconds,
                                            const config::ThresholdSpec& warning = kCpuPercent,
                                            const config::ThresholdSpec& critical = kCpuCriticalPercent);

// Keys come and go: deletes weigh about as much as stores, and what is allocated does not stay.
inline constexpr config::ThresholdSpec kDeletePercent{
    "syncmap.churn_delete_percent", 15, "percent",
    "deletes' CPU time against that of stores from which keys come and go; a Store costs several Deletes"};
inline constexpr config::ThresholdSpec kGrowthPercent{
    "syncmap.churn_growth_percent", 50, "percent",
    "share of the new objects that stay alive from which the map is growing, not churning"};
bool keys_churn(const RuleInput& input, const SyncMapUse& use);

// "only 7 CPU samples ..." where a cost would count but has too few samples to be sure of; empty otherwise.
std::string too_few_samples(const RuleInput& input, const SyncMapUses& uses, const Figure& figure);

// Adds the evidence that several rules show: CPU, contention, allocation.
void add_cpu_evidence(model::Finding& finding, const SyncMapUses& uses, std::string name, int64_t nanoseconds,
                      std::optional<double> threshold);
void add_contention_evidence(model::Finding& finding, const SyncMapUses& uses, const SyncMapUse& use,
                             double threshold);

}  // namespace edp::analyse::go
