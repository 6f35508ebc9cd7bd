// GO-SCHED-DELAY: goroutines that could go on wait long for a processor.
// docs/rules/GO-SCHED-DELAY.md
#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/rules.h"
#include "runner/analyse/rules/go/trace_load.h"
#include "runner/analyse/rules/go/trace_locks.h"
#include "runner/analyse/rules/go/trace_stalls.h"
#include "runner/analyse/sites.h"

namespace edp::analyse::go {
namespace {

using model::GoCause;
using model::GoSlice;
using model::GoState;

constexpr config::ThresholdSpec kDelay{"sched.delay_milliseconds", 10, "milliseconds",
                                       "a goroutine that was woken up shall run within this time"};
constexpr config::ThresholdSpec kMinDelays{"sched.min_delays", 5, "count",
                                           "fewer delays in a trace are chance"};
constexpr config::ThresholdSpec kBusy{"sched.busy_percent", 90, "percent",
                                      "the processors are taken when goroutines and the collector have this "
                                      "share of their time during the delays"};

// From this share of a CPU on, the machine is not the cause.
constexpr double kOwnMachine = 0.7;

enum class Cause : uint8_t { kOwnLoad, kStopped, kMachine, kIdle };

struct Delays {
  uint64_t woken = 0;  // all wake-ups
  uint64_t long_ones = 0;
  int64_t total = 0, longest = 0;  // of the long ones
  std::string artefact;            // of the longest
  model::TraceInterval where;
  ProcessorLoad::Use use;  // during the long ones
  std::map<std::string_view, int64_t> by_function;
};

struct BusyLine {
  int64_t weight = 0;
  model::GoroutineFrame frame;
};
using BusyLines = std::map<std::tuple<std::string_view, int64_t>, BusyLine>;

void weigh(BusyLines& lines, const TraceStack& stack) {
  if (stack.innermost_user == kNoFrame) return;
  const model::GoroutineFrame& frame = stack.frames[stack.innermost_user];
  BusyLine& line = lines[{frame.function, frame.line}];
  ++line.weight;
  line.frame = frame;
}

double share(double part, double whole) { return whole <= 0 ? 0 : 100.0 * part / whole; }

class Reader {
 public:
  Reader(const RuleInput& input, const TraceLocks& locks)
      : load(input.readings.own<TraceLoad>()),
        given(machine_share(input)),
        facts_(input.facts),
        locks_(locks),
        least_(static_cast<int64_t>(input.thresholds.get(kDelay) * 1e6)) {
    for (size_t i = 0; i < facts_.traces.size(); ++i)
      read(facts_.traces[i], load.traces[i], *locks_.stacks[i]);
  }

  const TraceLoad& load;
  std::optional<double> given;  // see machine_share()
  Delays delays;
  BusyLines sampled, preempted;

 private:
  void read(const model::TraceFact& fact, const ProcessorLoad& use, TraceStacks& stacks) {
    const model::Timeline& timeline = *fact.timeline;
    for (const model::CpuSample& sample : timeline.cpu_samples) {
      if (sample.goroutine != model::kNone && is_gc_worker(timeline, sample.goroutine)) continue;
      weigh(sampled, stacks.of(sample.stack));
    }
    for (uint32_t g = 0; g < timeline.goroutines.size(); ++g) {
      const std::string_view function = timeline.text(timeline.goroutines[g].function);
      const bool own = function.starts_with("runtime.");  // the collector's and the tracer's goroutines
      for (const GoSlice& slice : timeline.slices(g)) {
        if (slice.state != GoState::kRunnable) continue;
        if (slice.cause == GoCause::kStop) weigh(preempted, stacks.of(slice.stack));
        // Who used up its own time slice waits for its next turn, and for nobody's mistake.
        const bool woken = slice.cause == GoCause::kUnblock || slice.cause == GoCause::kSyscallEndBlock ||
                           slice.cause == GoCause::kCreate;
        if (!woken || own) continue;
        ++delays.woken;
        if (slice.duration() < least_) continue;
        const ProcessorLoad::Use during = use.during(slice.begin, slice.end);
        // The tracer stops the world to begin: that delay is the diagnosis' own.
        if (share(during.traced, during.wall) < 50)
          add(slice, during, enclosing_function(function), fact.artefact, timeline.goroutines[g].id);
      }
    }
  }

  void add(const GoSlice& slice, const ProcessorLoad::Use& use, std::string_view function,
           const std::string& artefact, uint64_t goroutine) {
    ++delays.long_ones;
    delays.total += slice.duration();
    delays.by_function[function] += slice.duration();
    delays.use.add(use);
    if (slice.duration() <= delays.longest) return;
    delays.longest = slice.duration();
    delays.artefact = artefact;
    delays.where = {.begin = slice.begin, .end = slice.end, .goroutine = goroutine};
  }

  const model::Facts& facts_;
  const TraceLocks& locks_;
  const int64_t least_;
};

Cause cause_of(const Reader& seen, const config::Thresholds& thresholds) {
  const ProcessorLoad::Use& use = seen.delays.use;
  // Threads that don't get a CPU come late to a stop as well, and make it long.
  if (share(use.stopped, use.wall) >= 50)
    return seen.given.value_or(1) >= kOwnMachine ? Cause::kStopped : Cause::kMachine;
  if (share(use.goroutines + use.gc_workers, use.capacity) < thresholds.get(kBusy)) return Cause::kIdle;
  // Had the machine given its threads all they asked for, they would have been done the sooner.
  const double own = seen.load.demand() * seen.given.value_or(1);
  return own > static_cast<double>(seen.load.processors) ? Cause::kOwnLoad : Cause::kMachine;
}

std::string longest_first(const std::map<std::string_view, int64_t>& by_function) {
  const auto most = std::ranges::max_element(by_function, {}, [](const auto& entry) { return entry.second; });
  return most->first.empty() ? "goroutines" : std::string(most->first);
}

std::string cause_text(Cause cause, const Reader& seen, const BusyLine* busy) {
  const ProcessorLoad::Use& use = seen.delays.use;
  const std::string taken = percent_text(share(use.goroutines + use.gc_workers, use.capacity));
  switch (cause) {
    case Cause::kStopped:
      return "The world stood still for " + percent_text(share(use.stopped, use.wall)) + " of that time. ";
    case Cause::kIdle:
      return "Only " + taken +
             " of the processors' time was taken meanwhile: the machine woke no thread for them in time. ";
    case Cause::kMachine:
      return "All processors were taken (" + taken + "), but their threads got a CPU for " +
             percent_text(seen.given.value_or(1) * 100) +
             " of the time only: a CPU limit, or neighbours on the machine. ";
    case Cause::kOwnLoad:
      break;
  }
  std::string text = "All " + std::to_string(seen.load.processors) + " processors were taken (" + taken +
                     "): on average " + count_text(std::round(seen.load.demand())) +
                     " goroutines ran or wanted to. ";
  if (busy != nullptr) {
    text += std::string(busy->frame.function) + " at " + place_text(busy->frame.file, busy->frame.line) +
            " ran most. ";
  }
  return text;
}

std::string advice(Cause cause, uint64_t processors) {
  switch (cause) {
    case Cause::kStopped:
      return "Find what stops the world in the trace: goroutine dumps, runtime.ReadMemStats, "
             "debug.FreeOSMemory, or the "
             "collector with very many goroutines.";
    case Cause::kIdle:
    case Cause::kMachine:
      return "Compare the container's CPU limit with GOMAXPROCS (container_cpu_cfs_throttled_periods_total "
             "tells): before Go "
             "1.25 the runtime does not know the limit, so set GOMAXPROCS to it; or give the service more "
             "CPU.";
    case Cause::kOwnLoad:
      break;
  }
  return "Let work that can wait run on fewer goroutines than there are processors (" +
         std::to_string(processors) +
         "): a pool of workers, or a semaphore of that size. Go gives every goroutine its turn of 10 ms and "
         "knows no "
         "priorities, so what must answer soon queues behind all of them.";
}

std::vector<model::Evidence> evidence(const Reader& seen, const config::Thresholds& thresholds) {
  const Delays& delays = seen.delays;
  std::vector<model::Evidence> list;
  const auto add = [&](std::string name, double value, std::string unit, std::optional<double> threshold,
                       model::Basis basis, std::string note) {
    list.push_back(
        {std::move(name), value, std::move(unit), threshold, basis, delays.artefact, std::move(note)});
  };
  using model::Basis;
  add("longest wait of a woken goroutine for a processor", static_cast<double>(delays.longest), "nanoseconds",
      thresholds.get(kDelay) * 1e6, Basis::kMeasured, "");
  list.back().interval = delays.where;
  add("waits so long", static_cast<double>(delays.long_ones), "count", thresholds.get(kMinDelays),
      Basis::kMeasured,
      "of " + std::to_string(delays.woken) + " wake-ups in " +
          seconds_text(static_cast<double>(seen.load.wall) / 1e9) + " of trace");
  add("processor time taken by goroutines meanwhile", share(delays.use.goroutines, delays.use.capacity),
      "percent", std::nullopt, Basis::kMeasured, "");
  add("processor time taken by the collector's workers meanwhile",
      share(delays.use.gc_workers, delays.use.capacity), "percent", std::nullopt, Basis::kMeasured, "");
  add("stop-the-world meanwhile", share(delays.use.stopped, delays.use.wall), "percent", std::nullopt,
      Basis::kMeasured, "");
  add("goroutines that ran or wanted to, on average", seen.load.demand(), "goroutines",
      static_cast<double>(seen.load.processors), Basis::kMeasured, "held against GOMAXPROCS");
  const bool told = seen.given.has_value();
  add("CPU that the machine gave to running goroutines", seen.given.value_or(1) * 100, "percent",
      std::nullopt, told ? Basis::kSampled : Basis::kInferred,
      told ? "CPU samples against the time that the trace calls running"
           : "assumed: no CPU profile ran beside the trace");
  return list;
}

Judgement judge(const RuleInput& input) {
  if (std::string reason = traces_missing(input.facts); !reason.empty())
    return Judgement::unknown(std::move(reason));
  const Reader seen(input, input.readings.own<TraceLocks>());
  if (static_cast<double>(seen.delays.long_ones) < input.thresholds.get(kMinDelays))
    return Judgement::clean();
  const Cause cause = cause_of(seen, input.thresholds);
  const BusyLines& lines = seen.sampled.empty() ? seen.preempted : seen.sampled;
  const auto busiest =
      std::ranges::max_element(lines, {}, [](const auto& entry) { return entry.second.weight; });
  const BusyLine* busy = busiest == lines.end() ? nullptr : &busiest->second;

  model::Finding finding;
  // Without any CPU samples the machine may as well be at fault.
  const bool surely = cause == Cause::kStopped || (cause == Cause::kOwnLoad && seen.given.has_value());
  finding.severity = surely ? model::Severity::kWarning : model::Severity::kInfo;
  const std::string who = longest_first(seen.delays.by_function);
  finding.title = who + " waits up to " + nanoseconds_text(seen.delays.longest) + " for a processor";
  finding.summary = std::to_string(seen.delays.long_ones) + " of " + std::to_string(seen.delays.woken) +
                    " times a goroutine that was woken up ran only " +
                    seconds_text(input.thresholds.get(kDelay) / 1e3) + " later or more, " + who +
                    " most of all. " + cause_text(cause, seen, busy);
  finding.evidence = evidence(seen, input.thresholds);
  if (busy != nullptr && cause == Cause::kOwnLoad)
    finding.location = location_of(busy->frame, "on the CPU meanwhile");
  finding.advice = advice(cause, seen.load.processors);
  Judgement judgement;
  judgement.findings.push_back(std::move(finding));
  return judgement;
}

}  // namespace

Rule sched_delay() {
  return {.id = "GO-SCHED-DELAY",
          .title = "goroutines that could go on wait long for a processor",
          .requirement = "G7",
          .thresholds = {kDelay, kMinDelays, kBusy},
          .judge = judge};
}

}  // namespace edp::analyse::go
