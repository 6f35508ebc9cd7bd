#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/trace_load.h"
#include "runner/analyse/rules/go/trace_stalls.h"
#include "runner/analyse/sites.h"

namespace edp::analyse::go {
namespace {

std::string how_work_was_seen(const HolderWork& work) {
  if (work.from_source) return "found in the source between Lock and Unlock";
  if (work.in_trace) return "CPU samples of who held the lock while others waited";
  return "CPU samples between the lines of Lock and Unlock, over the whole profile";
}

// ", store.go:57,": where most of the waiting is done.
std::string lock_line(const Stall& stall) {
  if (stall.lock->sites.waits.empty()) return "";
  const model::GoroutineFrame& at = stall.lock->sites.waits.front().owner;
  return ", " + place_text(at.file, at.line) + ",";
}

}  // namespace

std::string waits_text(const Stall& stall) {
  return "waited " + nanoseconds_text(stall.total) + " in all, longest " + (stall.cut ? "at least " : "") +
         nanoseconds_text(stall.longest);
}

std::string lock_text(const Stall& stall) { return "on the lock of " + stall.lock->place + lock_line(stall); }

std::string guard_text(const Stall& stall) {
  if (stall.map_name.empty()) return lock_text(stall);
  return "on the lock that guards map " + stall.map_name + lock_line(stall);
}

std::string holder_text(const Stall& stall) {
  if (!stall.holder) return "";
  return std::string(stall.holder->function) + " let them go at " +
         place_text(stall.holder->file, stall.holder->line) + ", after up to " +
         nanoseconds_text(stall.held_longest) + " with the lock. ";
}

void describe_waits(model::Finding& finding, const Stall& stall, const RuleInput& input) {
  const auto& locks = input.readings.own<TraceLocks>();
  const double least = input.thresholds.get(kLockWait) * 1e6;
  const auto add = [&](std::string name, double value, std::string unit, model::Basis basis,
                       std::string note) {
    finding.evidence.push_back({.name = std::move(name),
                                .value = value,
                                .unit = std::move(unit),
                                .basis = basis,
                                .artefact = stall.artefact,
                                .note = std::move(note)});
  };
  using model::Basis;
  add("longest wait for the lock", static_cast<double>(stall.longest), "nanoseconds", Basis::kMeasured,
      stall.cut ? "cut by the end of the trace: it took longer" : "");
  finding.evidence.back().threshold = least;
  finding.evidence.back().interval = stall.where;
  add("waits so long", static_cast<double>(stall.long_waits), "count", Basis::kMeasured,
      "by " + std::to_string(stall.goroutines.size()) + " goroutines in " + seconds_text(locks.seconds) +
          " of trace; below " + count_text(input.thresholds.get(kStallMinWaits)) + " the finding is INFO");
  if (const std::optional<double> machine = machine_share(input); machine && *machine < 1) {
    add("CPU that the machine gave to running goroutines", *machine * 100, "percent", Basis::kSampled,
        "with all of it " + std::to_string(stall.sure_waits) +
            " waits would still be that long: only these decide the severity");
  }
  add("waiting for the lock, all goroutines together", static_cast<double>(stall.total), "nanoseconds",
      Basis::kMeasured, "short waits too");
  add("goroutines that waited so long at one time", static_cast<double>(stall.at_once), "goroutines",
      Basis::kMeasured, "CRITICAL from " + count_text(input.thresholds.get(kCriticalWaiting)) + " on");
  if (stall.holder) {
    add("longest hold by " + std::string(stall.holder->function), static_cast<double>(stall.held_longest),
        "nanoseconds", Basis::kInferred,
        "who called Unlock for a waiter had the lock since its own wait, the handover before, or the first "
        "waiter's "
        "coming; " +
            std::to_string(stall.holds) + " such holds");
    finding.related.push_back(location_of(*stall.holder, "holder"));
  }
  size_t shown = 0;
  for (const LockSite& site : stall.lock->sites.waits) {
    if (shown++ == 3) break;
    finding.related.push_back(location_of(site.user, "waiter"));
  }
}

void describe_work(model::Finding& finding, const Stall& stall, std::string name, int64_t part,
                   std::optional<double> threshold) {
  const HolderWork& work = stall.work;
  finding.evidence.push_back(
      {.name = std::move(name),
       .value = work.from_source ? 1 : work.percent(part),
       .unit = work.from_source ? "count" : "percent",
       .threshold = work.from_source ? std::nullopt : threshold,
       .basis = work.in_trace ? model::Basis::kSampled : model::Basis::kInferred,
       .artefact = work.from_source ? stall.artefact : work.artefact,
       .note = how_work_was_seen(work) +
               (work.from_source ? "" : "; " + std::to_string(work.samples) + " samples")});
}

std::string lock_subject(std::string_view place) { return "lock of " + std::string(place); }
std::string sync_map_subject(std::string_view function) {
  return "sync.Map of " + std::string(receiver_of(function));
}
std::string growth_subject(std::string_view function) { return "growth in " + std::string(function); }

}  // namespace edp::analyse::go
