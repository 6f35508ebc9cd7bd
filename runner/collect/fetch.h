// Inside of collect: one request to a pprof server, from its target string to the artefact and its outcome.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "common/http.h"
#include "common/mutex.h"
#include "runner/collect/collectors.h"
#include "runner/collect/discover.h"
#include "runner/collect/recorder.h"

namespace edp::collect {

// Each call asks once, hands artefact and attempt to the recorder, and never throws. Safe for use from
// several threads. Borrows everything.
class Fetcher {
 public:
  using Clock = std::chrono::steady_clock;

  Fetcher(const http::Client& client, const PprofServer& server, const CollectPlan& plan,
          const CollectContext& context, Clock::time_point overall, Recorder& recorder)
      : client_(client),
        server_(server),
        plan_(plan),
        context_(context),
        overall_(overall),
        recorder_(recorder) {}

  // `number`: 1 and 2 of those taken twice, else 0.
  void snapshot(const CollectorSpec& spec, int number);
  // Asks again with half the window where the server's WriteTimeout forbids it. `cut`: why the window is
  // already shorter than planned, or empty.
  void window(const CollectorSpec& spec, int seconds, const std::string& cut);
  // Whether the plan's flight_recorder path gives a trace; asks for its head only.
  bool has_flight_recorder(const CollectorSpec& trace);
  // What it holds: the seconds before now.
  void flight_recorder(const CollectorSpec& trace);
  void short_window(const CollectorSpec& spec, int number, double seconds);

 private:
  struct Fetched {
    http::Response response;
    std::string bytes;
    std::string too_much;  // the plan's limit that was met
    double began = 0, ended = 0;
  };
  Fetched fetch(const CollectorSpec& spec, const std::string& target, double window_seconds);
  [[nodiscard]] CollectorSpec recorder_of(const CollectorSpec& trace) const;
  Fetched fetch_beside(const CollectorSpec& spec);
  void record(const CollectorSpec& spec, int number, Fetched fetched, double window_seconds,
              const std::string& cut);

  const http::Client& client_;
  const PprofServer& server_;
  const CollectPlan& plan_;
  const CollectContext& context_;
  const Clock::time_point overall_;
  Recorder& recorder_;
  Mutex mutex_;
  // Where the first snapshot of a kService collector was found.
  std::map<std::string_view, std::string> found_ EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::collect
