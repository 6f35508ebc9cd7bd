#include "common/validation/verdict.h"

#include <algorithm>

namespace edp::validation {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGone:
      return "Gone";
    case Verdict::kStillThere:
      return "StillThere";
    case Verdict::kCannotTell:
      break;
  }
  return "CannotTell";
}

Judged judge(const Fault& fault, const std::vector<Reading>& now, const std::vector<std::string>& known) {
  if (now.empty()) return {.reason = "NoReport", .message = "no target has a report"};
  Judged judged;
  std::string unjudged;
  const Finding* moved = nullptr;
  for (const Reading& reading : now) {
    for (const Finding& finding : reading.findings) {
      if (finding.fingerprint == fault.fingerprint) {
        const std::string figure = finding.evidence.empty() ? "" : "; " + finding.evidence.front();
        return {.verdict = Verdict::kStillThere,
                .reason = "FindingPresent",
                .message = finding.severity + " " + finding.title + figure,
                .load = load_of(reading, fault.function)};
      }
      if (finding.rule == fault.rule && finding.severity == "CRITICAL" &&
          std::ranges::find(known, finding.fingerprint) == known.end()) {
        moved = &finding;
      }
    }
    const auto rule = reading.rules.find(fault.rule);
    const std::string status = rule == reading.rules.end() ? "" : rule->second.first;
    if (status == "cannot_tell") {
      unjudged = "rule " + fault.rule + " could not tell: " + rule->second.second;
    } else if (status == "not_applicable") {
      unjudged = "rule " + fault.rule + " did not apply: " + rule->second.second;
    } else if (status != "clean" && status != "fired") {
      unjudged = "rule " + fault.rule + " was not asked";
    }
    const Load load = load_of(reading, fault.function);
    if (load.cpu > judged.load.cpu) {
      judged.load.cpu = load.cpu;
      judged.load.cpu_samples = load.cpu_samples;
    }
    judged.load.allocs = std::max(judged.load.allocs, load.allocs);
  }
  if (!unjudged.empty()) {
    judged.reason = "RuleNotJudged";
    judged.message = std::move(unjudged);
    return judged;
  }
  if (moved != nullptr) {
    judged.reason = "FaultMayHaveMoved";
    judged.message = "rule " + fault.rule + " finds a CRITICAL at another place: " + moved->location;
    return judged;
  }
  const LoadComparison load = compare(fault.load, judged.load);
  judged.message = load.text;
  if (!load.comparable) {
    judged.reason = "LoadNotComparable";
    return judged;
  }
  judged.verdict = Verdict::kGone;
  judged.reason = "FindingGone";
  return judged;
}

}  // namespace edp::validation
