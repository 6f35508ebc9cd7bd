// collect -> decode -> analyse -> report: this is the first part. Bytes and where they came from, no format
// knowledge beyond what it takes to ask for them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/cancel.h"
#include "common/result.h"
#include "runner/collect/target.h"
#include "runner/model/report.h"

namespace edp::collect {

// One thing that can be asked of a live target.
struct CollectorInfo {
  std::string_view name;
  std::string_view what;  // one line for people
  bool takes_window;      // blocks for the window: cpu and the deltas
  // Snapshots of one run, spread evenly over the window: 1 (at its end), 2 (at its start and end) or more.
  // What must show a trend within the window needs more than two: memstats, vars and metrics 5 (two intervals
  // in each half, so that a jump can be told from a steady rate), goroutine 3 (a leak grows in both halves).
  int snapshots;
};

// All collectors, in the order in which reports list them: cpu, heap, heap.delta, allocs, allocs.delta,
// goroutine, goroutine.delta, goroutine.debug2, mutex, mutex.delta, mutex.rate, block, block.delta,
// threadcreate, memstats (heap?debug=1), vars (/debug/vars), metrics (/metrics), trace.
const std::vector<CollectorInfo>& all_collectors();
const CollectorInfo* find_collector(std::string_view name);  // nullptr where there is none

// How to reach and identify oneself to a target. All files are read when needed, and again when they change.
struct Access {
  std::string ca_file;        // PEM; replaces the system's roots. Empty: the system's
  std::string token_file;     // bearer token; read again each minute, and once on a 401
  std::string user;           // basic auth; a user in the target's URL goes first
  std::string password_file;  // its password; trailing newline dropped
};

struct Limits {
  uint64_t max_bytes = 0;  // 0: the plan's default
  double seconds = 0;      // beyond the window where the collector takes one; 0: the plan's default
};

struct CollectPlan {
  std::vector<std::string> collectors;  // names from all_collectors(); empty: all
  // Of cpu, whole seconds, at least 1. The deltas enclose it: they begin before and take a second longer, so
  // that the work of taking them is not in the cpu profile.
  double window_seconds = 30;
  // For all targets together, counted from CollectContext::run_began; the window shrinks to fit into it.
  double timeout_seconds = 180;
  double trace_seconds = 0.08;  // one trace window
  int trace_count = 3;          // spread over the window
  // Path of a flight recorder's trace, below the target's base or at the server's root. Where the target has
  // one, it is asked for once, at the end of the window, instead of the trace windows. Empty: not asked.
  std::string flight_recorder;
  double seconds = 20;                                // for one request, beyond its window
  uint64_t max_bytes = uint64_t{256} << 20;           // of one artefact
  uint64_t max_total_bytes = uint64_t{1} << 30;       // of all artefacts of one target
  std::map<std::string, Limits, std::less<>> limits;  // by collector
  int parallel = 12;                                  // requests at a time to one target, at least 8
  // goroutine?debug=2 stops the program while it is written; it is left out above this many goroutines (where
  // the target says how many it has).
  uint64_t max_goroutines_for_dump = 100'000;
  Access access;
};

// One artefact: bytes as they came.
struct Collected {
  std::string target;      // TargetSpec::name
  std::string collector;   // "cpu", "heap.delta", ...; for a file what its name suggests, else "file"
  std::string artefact;    // a file name, unique in the run: "cpu.pb.gz", "heap.1.pb.gz", "heap.2.pb.gz"
  std::string media_type;  // as far as known without reading it
  std::string bytes;
  // Seconds since the run began. For files: their modification times, counted from the oldest one's.
  double started_at = 0;
  double ended_at = 0;
  double window_seconds = 0;  // that the figures cover, 0 where they are since the process began or not known
  bool is_delta = false;
  bool partial = false;  // cut off by a limit, a timeout or the peer: the first part only
};

// One target's harvest. Order of artefacts: by ended_at.
struct TargetCollection {
  TargetSpec target;
  // Set where nothing could be had: not reachable, not trusted, refused, not a Go pprof server.
  std::optional<Error> error;
  std::vector<Collected> artefacts;
  // One a collector, in the order of all_collectors() (for files: one a file). Names: ok, partial, failed,
  // timeout, cancelled, absent (the target does not have it).
  std::vector<model::CollectorOutcome> outcomes;
  // The mutex sampling rate in force: 1 of N events; 0 = off; unset = not known.
  std::optional<int64_t> mutex_fraction;
  bool cancelled = false;
};

// For the terminal. Called from several threads, one at a time.
struct Progress {
  enum class Kind { kTargetStarted, kTargetFinished, kCollectorStarted, kBytes, kCollectorFinished };
  Kind kind = Kind::kBytes;
  std::string_view target;
  std::string_view collector;  // empty for kTarget*
  uint64_t bytes = 0;          // so far, of this collector
  std::string_view outcome;    // kCollectorFinished
  std::string_view message;    // the cause where not ok; kTargetFinished: the error where there is one
};
using ProgressFn = std::function<void(const Progress&)>;

struct CollectContext {
  std::chrono::steady_clock::time_point run_began = std::chrono::steady_clock::now();
  CancelToken
      cancel;  // cancels everything; what is there by then is returned, a cpu profile cut short included
  ProgressFn progress;
};

// Collects from all targets side by side. Never fails as a whole: each target carries its own errors. An
// unknown collector name in the plan is an outcome "failed".
std::vector<TargetCollection> collect(const std::vector<TargetSpec>& targets, const CollectPlan& plan,
                                      const CollectContext& context);

// The N of "sampling period=N" in the head of a mutex?debug=1 profile; unset where the text has none.
std::optional<int64_t> parse_mutex_period(std::string_view text);

// "heap.delta" for "heap-delta.pb.gz"; empty where the name suggests nothing.
std::string collector_from_file_name(std::string_view name);

}  // namespace edp::collect
