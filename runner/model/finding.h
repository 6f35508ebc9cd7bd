// What a rule says: the finding of the report contract (docs/report.schema.json).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edp::model {

enum class Severity { kInfo, kWarning, kCritical };
std::string_view to_string(Severity severity);  // "INFO", "WARNING", "CRITICAL"

// How a figure was had. Measured: counted, nothing left out. Sampled: an estimate from samples of the very
// thing. Inferred: concluded from something else.
enum class Basis { kMeasured, kSampled, kInferred };
std::string_view to_string(Basis basis);  // "measured", "sampled", "inferred"

// Where in an execution trace a figure was read.
struct TraceInterval {
  int64_t begin = 0, end = 0;         // nanoseconds since the trace began
  std::optional<uint64_t> goroutine;  // whose, the runtime's id; none: the whole process's
};

struct Evidence {
  std::string name;  // "CPU in sync.Map stores"
  double value = 0;
  std::string
      unit;  // "percent", "nanoseconds", "bytes", "count", "per_second", "ratio", "minutes", "goroutines"
  std::optional<double> threshold;  // what value was held against, in the same unit
  Basis basis = Basis::kSampled;
  std::string artefact;                   // "cpu.pb.gz"
  std::string note;                       // one short sentence where the figure alone could mislead
  std::optional<TraceInterval> interval;  // where `artefact` is a trace and the figure has a place in it
};

struct SourceLocation {
  std::string function;  // "main.(*Cache).Put"
  std::string file;
  int64_t line = 0;
  std::string role;    // "map operation", "holder", "waiter", "allocation", "created by"
  std::string source;  // the line of source itself, where the file could be read
};

struct Finding {
  std::string rule;  // "GO-SYNCMAP-WRITE-HEAVY"
  Severity severity = Severity::kInfo;
  std::string title;    // one line, names the user's function
  std::string summary;  // two or three sentences: what happens, and what it costs
  std::vector<Evidence> evidence;
  SourceLocation location;              // the line to look at first
  std::vector<SourceLocation> related;  // the other ends: waiters, holders, further lines
  std::string advice;                   // what to do, fitting the measured mix, with the reason
  std::string fingerprint;  // same fault, same place, same value from run to run; set by the engine
  std::string target;       // set by the engine
  // What the finding is about, in words that rules on other sources use as well ("lock of main.(*Cache)"):
  // findings of one fault about one subject become one. Empty: it stands for itself.
  std::string subject;
  // Where the fingerprint is made of another place than `location`.
  std::optional<SourceLocation> identity;
  std::string fault;  // the rule that the fault is named after; set by the engine
  // Further rules that saw the same fault by other means; set by the engine.
  std::vector<std::string> confirmed_by;
  // What another source of the same run says against it; empty where none does.
  std::string contradiction;

  [[nodiscard]] std::string_view confidence() const {
    if (!contradiction.empty()) return "contradicted";
    return confirmed_by.empty() ? "one_source" : "confirmed";
  }
};

// How each rule ended; a rule that could not judge is listed with the reason.
enum class RuleStatus { kFired, kClean, kCannotTell, kNotApplicable };
std::string_view to_string(RuleStatus status);  // "fired", "clean", "cannot_tell", "not_applicable"

struct RuleOutcome {
  std::string rule;
  std::string target;
  RuleStatus status = RuleStatus::kClean;
  std::string reason;  // set for cannot_tell and not_applicable
};

}  // namespace edp::model
