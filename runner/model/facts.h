// Everything that one run learned about one target. Rules read this and nothing else.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/model/goroutines.h"
#include "runner/model/memory_stats.h"
#include "runner/model/profile.h"
#include "runner/model/timeline.h"

namespace edp::model {

enum class ProfileKind { kCpu, kHeap, kAllocs, kGoroutine, kMutex, kBlock, kThreadCreate };

std::string_view to_string(ProfileKind kind);  // "cpu", "heap", ... as in /debug/pprof/

struct ProfileFact {
  ProfileKind kind = ProfileKind::kCpu;
  // A delta covers `window_seconds`; otherwise figures are since the process began, or (cpu) over the window.
  bool is_delta = false;
  double window_seconds = 0;  // 0 where unknown
  double taken_at = 0;        // seconds since the run began, at the end of the window
  std::string artefact;       // name of the artefact it was decoded from
  Profile profile;
};

struct GoroutinesFact {
  double taken_at = 0;
  std::string artefact;
  Goroutines goroutines;
};

struct TraceFact {
  double taken_at = 0;                       // seconds since the run began, as the trace ended
  std::string artefact;                      // name of the artefact it was decoded from
  std::shared_ptr<const Timeline> timeline;  // never null; shared by copies of the facts
};

// What a collector asked for and did not get; rules name it when they can't judge.
struct MissingFact {
  std::string collector;  // "mutex", "heap.delta", ...
  std::string reason;
};

// Mutex and block profiling may be off in the target: the profile is then there, and empty.
struct SamplingRates {
  // mutex: on average 1 of N contention events is sampled; 0 = off; unset = not known. The figures in a Go
  // mutex profile are already scaled by it.
  std::optional<int64_t> mutex_fraction;
};

struct Facts {
  std::string target;                 // as the user named it, no secret in it
  std::string go_version;             // empty where not known
  std::vector<ProfileFact> profiles;  // in order of taken_at
  std::vector<GoroutinesFact> goroutines;
  std::vector<MemoryStats> memory;
  std::vector<TraceFact> traces;  // in order of taken_at
  std::vector<MissingFact> missing;
  SamplingRates rates;

  // The last or first profile of a kind, a delta or not, as asked; nullptr where none is there.
  [[nodiscard]] const ProfileFact* last(ProfileKind kind, bool delta = false) const;
  [[nodiscard]] const ProfileFact* first(ProfileKind kind, bool delta = false) const;
  // Why a collector's data is not there; "not collected" where nothing was noted.
  [[nodiscard]] std::string why_missing(std::string_view collector) const;
};

}  // namespace edp::model
