// GO-ALLOC-RATE-JUMP: the program suddenly allocates more objects a second. docs/rules/GO-ALLOC-RATE-JUMP.md
#include <algorithm>
#include <optional>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/alloc_lines.h"
#include "runner/analyse/rules/go/goroutine_stacks.h"
#include "runner/analyse/rules/go/rules.h"

namespace edp::analyse::go {
namespace {

constexpr config::ThresholdSpec kRatio{
    "alloc.jump_ratio", 3, "ratio", "a jump: the rate is so many times what it was in every interval before"};
constexpr config::ThresholdSpec kMinJump{"alloc.min_jump_per_second", 50000, "per_second",
                                         "a jump by fewer objects a second costs nothing worth a finding"};
constexpr config::ThresholdSpec kHigh{"alloc.high_per_second", 1000000, "per_second",
                                      "INFO when a program allocates so many objects a second all the time"};
constexpr config::ThresholdSpec kMinInterval{
    "alloc.min_interval_seconds", 0.5, "seconds",
    "snapshots closer than this are one: collecting itself allocates, and its moment is not exact"};

struct Interval {
  double begin = 0, end = 0;
  double rate = 0;   // mallocs a second
  double bytes = 0;  // allocated a second; 0 where not known
  double gcs = 0;    // collections a second; 0 where not known
};

struct Series {
  std::vector<Interval> intervals;
  std::vector<std::string> artefacts;  // first and last snapshot
};

double delta(std::optional<uint64_t> before, std::optional<uint64_t> after) {
  return before && after && *after >= *before ? static_cast<double>(*after - *before) : 0;
}

// Snapshots in order of time; a counter that falls means that the process was started anew in between.
Series series_of(const model::Facts& facts, double min_interval) {
  std::vector<const model::MemoryStats*> points;
  for (const model::MemoryStats& stats : facts.memory) {
    if (stats.mallocs) points.push_back(&stats);
  }
  std::ranges::stable_sort(points, {}, &model::MemoryStats::taken_at);
  Series series;
  const model::MemoryStats* last = nullptr;
  for (const model::MemoryStats* point : points) {
    if (last != nullptr && point->taken_at - last->taken_at < min_interval) continue;
    if (last != nullptr && *point->mallocs < *last->mallocs) {
      series.intervals.clear();
      series.artefacts.clear();
    } else if (last != nullptr) {
      const double seconds = point->taken_at - last->taken_at;
      series.intervals.push_back({.begin = last->taken_at,
                                  .end = point->taken_at,
                                  .rate = delta(last->mallocs, point->mallocs) / seconds,
                                  .bytes = delta(last->total_alloc, point->total_alloc) / seconds,
                                  .gcs = delta(last->gc_count, point->gc_count) / seconds});
      if (series.artefacts.empty()) series.artefacts.push_back(last->artefact);
      series.artefacts.resize(1);
      series.artefacts.push_back(point->artefact);
    }
    last = point;
  }
  return series;
}

struct Side {
  double rate = 0, bytes = 0, gcs = 0, highest = 0, lowest = 0;
};

Side mean(const std::vector<Interval>& intervals, size_t from, size_t to) {
  Side side;
  double seconds = 0;
  for (size_t i = from; i < to; ++i) {
    const Interval& interval = intervals[i];
    const double length = interval.end - interval.begin;
    side.rate += interval.rate * length;
    side.bytes += interval.bytes * length;
    side.gcs += interval.gcs * length;
    seconds += length;
    side.highest = std::max(side.highest, interval.rate);
    side.lowest = i == from ? interval.rate : std::min(side.lowest, interval.rate);
  }
  if (seconds > 0) {
    side.rate /= seconds;
    side.bytes /= seconds;
    side.gcs /= seconds;
  }
  return side;
}

struct Jump {
  Side before, after;
  double at = 0;
};

// The split with the largest ratio whose sides don't overlap. The interval in which the rate rose is mixed
// and may belong to neither side.
std::optional<Jump> find_jump(const std::vector<Interval>& intervals, double ratio, double min_jump) {
  std::optional<Jump> best;
  const size_t count = intervals.size();
  for (size_t split = 1; split < count; ++split) {
    for (const size_t skip : {size_t{0}, size_t{1}}) {
      if (split + skip >= count) continue;
      const Jump jump{mean(intervals, 0, split), mean(intervals, split + skip, count),
                      intervals[split].begin};
      if (jump.after.lowest < ratio * jump.before.highest || jump.after.rate - jump.before.rate < min_jump)
        continue;
      if (!best || jump.after.rate - jump.before.rate > best->after.rate - best->before.rate) best = jump;
    }
  }
  return best;
}

std::string times(double before, double after) {
  return before > 0 ? count_text(after / before) + " times as many as before" : "none before";
}

void add_lines(model::Finding& finding, const AllocLines& alloc) {
  constexpr size_t kShown = 5;
  for (size_t i = 0; i < alloc.lines.size() && i < kShown; ++i) {
    const AllocLine& line = alloc.lines[i];
    const double share =
        100.0 * static_cast<double>(line.objects) / static_cast<double>(std::max<int64_t>(1, alloc.objects));
    if (i > 0 && share < 5) break;
    const bool map = 2 * line.map_objects > line.objects;
    finding.evidence.push_back(
        {.name = "objects allocated at " + place_text(line.frame.file, line.frame.line) +
                 (map ? ", by a map operation" : ""),
         .value = share,
         .unit = "percent",
         .threshold = std::nullopt,
         .basis = model::Basis::kSampled,
         .artefact = alloc.fact->artefact,
         .note = alloc.fact->is_delta ? "of all in the window" : "of all since the process began"});
    if (i == 0) {
      finding.location = location_of(line.frame, map ? "map operation" : "allocation");
    } else {
      finding.related.push_back(location_of(line.frame, map ? "map operation" : "allocation"));
    }
  }
}

std::string advice(const AllocLines& alloc) {
  std::string text;
  if (alloc.lines.empty()) {
    text =
        "Collect allocs.delta, and compare it with one from before the change (edp-runner diff), to see "
        "which lines allocate. ";
  } else if (2 * alloc.lines.front().map_objects > alloc.lines.front().objects) {
    text =
        "Most objects come from a map operation: make the map for its final size, reuse it with clear(), and "
        "keep small "
        "values in it by value, not by pointer. ";
  } else {
    text =
        "Find out what called the first line more often, or stopped reusing: take the object from a "
        "sync.Pool, pass a buffer in, "
        "or return values instead of pointers (go build -gcflags=-m tells what escapes). ";
  }
  return text + "If the load itself rose, this is its price: compare with the number of requests.";
}

model::Finding jump_finding(const Jump& jump, const Series& series, const AllocLines& alloc,
                            const config::Thresholds& thresholds) {
  model::Finding finding;
  finding.severity = model::Severity::kWarning;
  add_lines(finding, alloc);
  finding.title = "Allocations jumped from " + rate_text(jump.before.rate) + " to " +
                  rate_text(jump.after.rate) +
                  (finding.location.function.empty() ? "" : ", most of them in " + finding.location.function);
  finding.summary = "The program makes " + count_text(jump.after.rate) + " objects a second since second " +
                    count_text(jump.at) + " of the run, " + times(jump.before.rate, jump.after.rate) + ".";
  if (jump.after.bytes > 0) {
    finding.summary += " That is " + bytes_rate_text(jump.after.bytes) + " after " +
                       bytes_rate_text(jump.before.bytes) + ".";
  }
  if (jump.after.gcs > 0) {
    finding.summary +=
        " The collector runs " + rate_text(jump.after.gcs) + " after " + rate_text(jump.before.gcs) + ".";
  }
  std::vector<model::Evidence> head;
  head.push_back({.name = "objects allocated a second, after the jump",
                  .value = jump.after.rate,
                  .unit = "per_second",
                  .threshold = std::max(thresholds.get(kRatio) * jump.before.rate,
                                        jump.before.rate + thresholds.get(kMinJump)),
                  .basis = model::Basis::kMeasured,
                  .artefact = series.artefacts.back(),
                  .note = "MemStats.Mallocs, counted by the runtime"});
  head.push_back({.name = "objects allocated a second, before",
                  .value = jump.before.rate,
                  .unit = "per_second",
                  .threshold = std::nullopt,
                  .basis = model::Basis::kMeasured,
                  .artefact = series.artefacts.front(),
                  .note = "EDP's own collecting adds some ten thousand objects to an interval"});
  finding.evidence.insert(finding.evidence.begin(), head.begin(), head.end());
  finding.advice = advice(alloc);
  return finding;
}

model::Finding high_finding(double rate, const std::string& artefact, model::Basis basis,
                            const AllocLines& alloc, double threshold) {
  model::Finding finding;
  finding.severity = model::Severity::kInfo;
  add_lines(finding, alloc);
  finding.title = "The program allocates " + count_text(rate) + " objects a second" +
                  (finding.location.function.empty() ? "" : ", most of them in " + finding.location.function);
  finding.summary = "It makes " + count_text(rate) +
                    " objects a second all through the window. The rate did not jump; each object costs "
                    "tens of nanoseconds and its share of the collector's work.";
  finding.evidence.insert(finding.evidence.begin(), {.name = "objects allocated a second",
                                                     .value = rate,
                                                     .unit = "per_second",
                                                     .threshold = threshold,
                                                     .basis = basis,
                                                     .artefact = artefact,
                                                     .note = ""});
  finding.advice = advice(alloc);
  return finding;
}

// Allocation profiles of several windows are intervals too, by samples.
Series series_of_deltas(const model::Facts& facts) {
  Series series;
  for (const model::ProfileFact& fact : facts.profiles) {
    if (fact.kind != model::ProfileKind::kAllocs || !fact.is_delta || fact.window_seconds <= 0) continue;
    const uint32_t objects = fact.profile.type_index("alloc_objects");
    if (objects == model::kNone) continue;
    double sum = 0;
    for (size_t i = 0; i < fact.profile.sample_count(); ++i) {
      sum += static_cast<double>(std::max<int64_t>(0, fact.profile.sample(i).values[objects]));
    }
    series.intervals.push_back({.begin = fact.taken_at - fact.window_seconds,
                                .end = fact.taken_at,
                                .rate = sum / fact.window_seconds});
    series.artefacts.push_back(fact.artefact);
  }
  return series;
}

Judgement judge(const RuleInput& input) {
  const config::Thresholds& thresholds = input.thresholds;
  Series series = series_of(input.facts, thresholds.get(kMinInterval));
  model::Basis basis = model::Basis::kMeasured;
  if (series.intervals.size() < 2) {
    Series sampled = series_of_deltas(input.facts);
    if (sampled.intervals.size() > series.intervals.size()) {
      series = std::move(sampled);
      basis = model::Basis::kSampled;
    }
  }
  if (series.intervals.empty()) {
    return Judgement::unknown(
        "no two snapshots of MemStats (memstats: " + input.facts.why_missing("memstats") +
        "): collect memstats, vars or metrics, at least three times for a jump");
  }
  const AllocLines alloc = alloc_lines(input.facts);
  Judgement judgement;
  if (const auto jump = find_jump(series.intervals, thresholds.get(kRatio), thresholds.get(kMinJump))) {
    judgement.findings.push_back(jump_finding(*jump, series, alloc, thresholds));
    for (size_t i = 0; i < 2; ++i) {
      model::Evidence& evidence = judgement.findings[0].evidence[i];
      evidence.basis = basis;
      if (basis == model::Basis::kSampled)
        evidence.note = "by the samples of an allocs profile over a window";
    }
    return judgement;
  }
  const Side all = mean(series.intervals, 0, series.intervals.size());
  if (all.rate >= thresholds.get(kHigh)) {
    judgement.findings.push_back(
        high_finding(all.rate, series.artefacts.back(), basis, alloc, thresholds.get(kHigh)));
    return judgement;
  }
  if (series.intervals.size() < 2) {
    return Judgement::unknown(
        "one interval shows a rate (" + count_text(all.rate) +
        " objects a second), not a jump: three snapshots of MemStats or more are needed");
  }
  return Judgement::clean();
}

}  // namespace

Rule alloc_rate_jump() {
  return {.id = "GO-ALLOC-RATE-JUMP",
          .title = "the program suddenly allocates more objects a second",
          .requirement = "G4",
          .thresholds = {kRatio, kMinJump, kHigh, kMinInterval},
          .judge = judge};
}

}  // namespace edp::analyse::go
