// Long waits for one lock in execution traces, and what its holders did meanwhile.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runner/analyse/rule.h"
#include "runner/analyse/rules/go/lock_cost.h"
#include "runner/analyse/rules/go/trace_locks.h"
#include "runner/analyse/rules/go/trace_subjects.h"

namespace edp::analyse::go {

inline constexpr config::ThresholdSpec kStallMinWaits{
    "stall.min_waits", 3, "count",
    "fewer waits longer than lock.wait_milliseconds in a trace are told as INFO: one may be chance"};
inline constexpr config::ThresholdSpec kStallGrowth{
    "stall.growth_percent", 10, "percent",
    "growth is what holds others up when it has this share of the CPU seen while the lock was held"};
inline constexpr config::ThresholdSpec kStallRange{
    "stall.range_percent", 50, "percent",
    "iteration is what holds others up when it has this share of the CPU seen while the lock was held"};

// What a lock's holders do by CPU samples: the trace's own while somebody waited, else a CPU profile's
// between the lines of Lock and Unlock.
struct HolderWork {
  int64_t samples = 0, map_samples = 0, growth = 0;
  std::array<int64_t, kSymbolClassCount> by_class{};  // of map_samples
  struct Line {
    model::GoroutineFrame frame;  // calls the map operation
    int64_t samples = 0, growth = 0, iterate = 0;
  };
  std::vector<Line> lines;
  std::string artefact;
  bool in_trace = false;
  bool from_source = false;  // no sample at all: the line was found in the source between Lock and Unlock
  [[nodiscard]] double percent(int64_t part) const;
  [[nodiscard]] int64_t at(SymbolClass c) const { return by_class[static_cast<size_t>(c)]; }
};

enum class StallCause : uint8_t { kNoMap, kUnknown, kWork, kGrowth, kRange };

struct Stall {
  const TraceLock* lock = nullptr;
  std::string artefact;  // of the trace with the longest wait
  size_t long_waits = 0;
  size_t sure_waits = 0;           // that would be long on a machine of its own, see machine_share()
  int64_t total = 0, longest = 0;  // of all waits, in nanoseconds
  model::TraceInterval where;      // the longest
  bool cut = false;                // and was it cut by the trace's end
  std::set<uint64_t> goroutines;
  size_t at_once = 0;  // most of the sure waits at one time
  std::string handlers;
  HolderWork work;
  StallCause cause = StallCause::kUnknown;
  model::GoroutineFrame map_line;  // the heaviest for the cause; function empty where none was seen
  std::string map_name;            // "p.prices" by the source; empty where it can't be read
  // The holder that others waited for longest, all its holds together.
  std::optional<model::GoroutineFrame> holder;  // its Unlock line
  int64_t held_longest = 0;
  size_t holds = 0;
};

// Locks with a wait of lock.wait_milliseconds or more, longest waits first.
const std::vector<Stall>& find_stalls(const RuleInput& input, bool inside_sync_map);

// What a rule adds to a finding that has its severity, subject, location and evidence of the waits already.
using StallFinding = void (*)(model::Finding& finding, const Stall& stall, const RuleInput& input);

// A finding for each stall of that cause; "can't tell" where there is none, but a lock with long waits of
// which nothing shows what its holder did.
Judgement judge_stalls(const RuleInput& input, StallCause cause, StallFinding make);

model::Severity severity_of(const Stall& stall, const config::Thresholds& thresholds);
// "waited 43 ms in all, longest 18 ms"; "on the lock of main.(*Store), store.go:57,".
std::string waits_text(const Stall& stall);
std::string lock_text(const Stall& stall);
// The same with the map's name: "on the lock that guards map s.items, store.go:57,".
std::string guard_text(const Stall& stall);
// Who let the waiters go, as a sentence; empty where the trace does not tell.
std::string holder_text(const Stall& stall);
// The waits' figures, and the lines of holder and waiters.
void describe_waits(model::Finding& finding, const Stall& stall, const RuleInput& input);
// The share of what the holders did; `name` as in "map growth under the lock".
void describe_work(model::Finding& finding, const Stall& stall, std::string name, int64_t part,
                   std::optional<double> threshold);

// Why traces can't be judged; empty where they can.
std::string traces_missing(const model::Facts& facts);

}  // namespace edp::analyse::go
