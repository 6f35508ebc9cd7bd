// GO-HEAP-BUCKET-GROWTH: arrays that growing maps allocated make up much of the heap in use.
#include <optional>
#include <utility>

#include "runner/analyse/format.h"
#include "runner/analyse/rules/go/code_lines.h"
#include "runner/analyse/rules/go/doubling.h"
#include "runner/analyse/rules/go/rules.h"

namespace edp::analyse::go {
namespace {

constexpr config::ThresholdSpec kMinBytes = {
    .key = "map.grown_min_bytes",
    .value = 32 << 20,
    .unit = "bytes",
    .meaning = "bytes in use in the arrays of one line's maps below which they don't matter"};
constexpr config::ThresholdSpec kInfo = {
    .key = "map.grown_percent",
    .value = 20,
    .unit = "percent",
    .meaning = "share of the heap in use in the arrays of one line's maps from which it is told"};
constexpr config::ThresholdSpec kWarning = {.key = "map.grown_warning_percent",
                                            .value = 40,
                                            .unit = "percent",
                                            .meaning = "the same, from which it is a warning"};

// How it is known that what a line allocated are the arrays of maps. An array that a map gets when it is made
// belongs to the line of its make(), so what belongs to the line of an assignment came by growth.
enum class Proof : uint8_t {
  kGrowth,  // the CPU profile shows growth at the line
  kAssign,  // it shows assignments, and nothing at the line that allocates
  kSizes,   // the sizes double, over at least four steps and up to large arrays: it looks like a map
};

struct Grown {
  const HeapLine* line = nullptr;
  Proof proof = Proof::kSizes;
  SizeFigures figures;  // of the arrays; size unused
  DoublingSeries series;
};

// The line is reached too seldom in the CPU profile to say that it allocates nothing but arrays.
constexpr int64_t kFewSamples = 5;
// Slices that grow by append double only up to 256 elements.
constexpr int64_t kLargeArray = 32 << 10;

std::optional<Grown> grown_at(const HeapLine& line, const CpuLine* cpu) {
  Grown grown{.line = &line, .series = doubling_series(line.sizes)};
  if (cpu != nullptr && cpu->growth.count > 0) {
    grown.proof = Proof::kGrowth;
  } else if (cpu != nullptr && cpu->assign.count >= kFewSamples && cpu->allocating_total() == 0) {
    grown.proof = Proof::kAssign;
  }
  const bool only_arrays =
      grown.proof == Proof::kAssign || (grown.proof == Proof::kGrowth && cpu->allocating_total() == 0);
  if (only_arrays) {
    grown.figures = line.total;
    return grown;
  }
  if (grown.series.empty() || grown.series.largest() < kLargeArray) return std::nullopt;
  grown.figures = grown.series.total;
  return grown;
}

double percent_of(int64_t part, int64_t whole) {
  return whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0;
}

const SizeFigures* largest_in_use(const HeapLine& line) {
  for (auto size = line.sizes.rbegin(); size != line.sizes.rend(); ++size) {
    if (size->inuse_bytes > 0) return &*size;
  }
  return nullptr;
}

std::string proof_text(Proof proof) {
  switch (proof) {
    case Proof::kGrowth:
      return "the CPU profile shows growth of maps at the line";
    case Proof::kAssign:
      return "the CPU profile shows map assignments, and nothing that allocates, at the line";
    case Proof::kSizes:
      break;
  }
  return "concluded from sizes that double alone: heap profiles hide the runtime's frames, and the CPU "
         "profile has no map "
         "operation at the line";
}

std::string advice(const Grown& grown, MapImplementation implementation) {
  std::string text;
  if (const SizeFigures* largest = largest_in_use(*grown.line); largest != nullptr) {
    const std::string size = bytes_text(static_cast<double>(largest->size));
    if (implementation == MapImplementation::kClassic) {
      text = "The largest array in use is " + size +
             "; when that map is full it allocates one of twice the size at once, and "
             "keeps the old one until later assignments have emptied it. ";
    } else if (implementation == MapImplementation::kSwiss) {
      text = "The arrays grow table by table (the largest is " + size +
             "), each growth leaving its old table to the "
             "collector. ";
    }
  }
  return text +
         "Make the maps with the number of entries that they reach (make(map[K]V, n)); bound them if they "
         "are caches (otter, "
         "ristretto, freecache). Deleting does not give arrays back: a map that was once larger needs to be "
         "copied into a new "
         "one. Large values take their place in free slots too: behind a pointer or an index they don't.";
}

model::Finding finding(const HeapReading& heap, const Grown& grown, model::Severity severity,
                       const RuleInput& input) {
  const HeapLine& line = *grown.line;
  const double percent = percent_of(grown.figures.inuse_bytes, heap.total.inuse_bytes);
  const std::string bytes = bytes_text(static_cast<double>(grown.figures.inuse_bytes));
  model::Finding f;
  f.rule = "GO-HEAP-BUCKET-GROWTH";
  f.severity = severity;
  f.title = "Arrays of maps that grew in " + std::string(line.caller.user.function) + " hold " + bytes +
            ", " + percent_text(percent) + " of the heap in use";
  f.summary = (grown.proof == Proof::kSizes ? "Arrays that look like those of growing maps"
                                            : "The arrays of growing maps") +
              std::string(" take ") + bytes + " of " +
              bytes_text(static_cast<double>(heap.total.inuse_bytes)) + " in use. Growth has allocated " +
              bytes_text(static_cast<double>(grown.figures.alloc_bytes)) +
              " for them since the start, and leaves from an eighth to more than half of the slots free.";
  const auto add = [&](std::string name, double value, std::string unit, std::optional<double> threshold,
                       std::string note) {
    f.evidence.push_back({.name = std::move(name),
                          .value = value,
                          .unit = std::move(unit),
                          .threshold = threshold,
                          .basis = model::Basis::kInferred,
                          .artefact = heap.fact->artefact,
                          .note = std::move(note)});
  };
  add("heap in use by arrays of maps that grew", static_cast<double>(grown.figures.inuse_bytes), "bytes",
      input.thresholds.get(kMinBytes), proof_text(grown.proof));
  add("their share of the heap in use", percent, "percent", input.thresholds.get(kWarning), "");
  add("allocated for them since the start", static_cast<double>(grown.figures.alloc_bytes), "bytes", {}, "");
  if (!grown.series.empty()) {
    add("sizes in a doubling series", static_cast<double>(grown.series.members.size()), "count", {},
        "from " + bytes_text(static_cast<double>(grown.series.smallest())) + " to " +
            bytes_text(static_cast<double>(grown.series.largest())));
    const int64_t smaller = grown.series.total.inuse_bytes - grown.series.members.back().inuse_bytes;
    if (smaller > 0) {
      add("in use in smaller arrays of the series", static_cast<double>(smaller), "bytes", {},
          "old arrays that are not emptied yet, or smaller maps of the same line");
    }
  }
  f.location = line.caller.user.location("map operation");
  f.advice = advice(grown, input.readings.map_implementation());
  return f;
}

Judgement judge(const RuleInput& input) {
  const auto& lines = input.readings.own<CodeLines>();
  if (!lines.heap) {
    return Judgement::unknown("no heap profile: " + input.facts.why_missing("heap") +
                              "; it comes from /debug/pprof/heap");
  }
  const HeapReading& heap = *lines.heap;
  const config::Thresholds& thresholds = input.thresholds;
  Judgement judgement;
  for (const HeapLine& line : heap.lines) {
    // Maps inside the library are neither the user's to size nor large.
    if (line.sync_map || line.caller.user.empty() || line.caller.in_library()) continue;
    if (static_cast<double>(line.total.inuse_bytes) < thresholds.get(kMinBytes)) continue;
    const auto grown = grown_at(line, lines.cpu ? lines.cpu->find(line.caller) : nullptr);
    if (!grown || static_cast<double>(grown->figures.inuse_bytes) < thresholds.get(kMinBytes)) continue;
    const double percent = percent_of(grown->figures.inuse_bytes, heap.total.inuse_bytes);
    if (percent < thresholds.get(kInfo)) continue;
    const bool warning = percent >= thresholds.get(kWarning) && grown->proof != Proof::kSizes;
    judgement.findings.push_back(
        finding(heap, *grown, warning ? model::Severity::kWarning : model::Severity::kInfo, input));
  }
  return judgement;
}

}  // namespace

Rule heap_bucket_growth() {
  return {.id = "GO-HEAP-BUCKET-GROWTH",
          .title = "Arrays of maps that grew make up much of the heap",
          .requirement = "G6",
          .thresholds = {kMinBytes, kInfo, kWarning},
          .judge = judge};
}

}  // namespace edp::analyse::go
