#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "runner/report/report.h"
#include "runner/report/text.h"

namespace edp::report {
namespace {

using model::Finding;
using model::RuleOutcome;
using model::RuleStatus;
using model::Severity;

Severity gate_of(const model::Report& report) {
  for (const Severity severity : {Severity::kInfo, Severity::kWarning}) {
    if (report.gate == to_string(severity)) return severity;
  }
  return Severity::kCritical;
}

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + xml_escape(value) + "\"";
}

std::string place_of(const model::SourceLocation& place) {
  if (place.file.empty()) return place.function;
  return place.function + " at " + place.file + ":" + std::to_string(place.line);
}

// Everything that a reader of the build's page needs without opening the report.
std::string text_of(const Finding& finding) {
  std::string out =
      std::string(to_string(finding.severity)) + ": " + finding.title + "\n" + finding.summary + "\n";
  out += "Where: " + place_of(finding.location) + "\n";
  if (!finding.location.source.empty()) out += "       " + finding.location.source + "\n";
  for (const model::Evidence& figure : finding.evidence) {
    out += "Figure: " + figure.name + " " + format_value(figure.value, figure.unit) + " (" +
           std::string(to_string(figure.basis));
    if (figure.threshold) out += ", limit " + format_value(*figure.threshold, figure.unit);
    out += ")\n";
  }
  for (const model::SourceLocation& place : finding.related)
    out += "Also (" + place.role + "): " + place_of(place) + "\n";
  return out + "Advice: " + finding.advice + "\nFingerprint: " + finding.fingerprint + "\n";
}

struct Case {
  const RuleOutcome* outcome;
  std::vector<const Finding*> findings;

  [[nodiscard]] bool fails(Severity gate) const {
    return std::ranges::any_of(findings, [&](const Finding* finding) { return finding->severity >= gate; });
  }
  [[nodiscard]] bool skipped() const {
    return outcome->status == RuleStatus::kCannotTell || outcome->status == RuleStatus::kNotApplicable;
  }
};

std::string case_xml(const Case& test, Severity gate) {
  std::string out = "    <testcase" + attribute("classname", "edp." + test.outcome->target) +
                    attribute("name", test.outcome->rule) + attribute("time", "0");
  if (test.skipped()) {
    const std::string_view kind =
        test.outcome->status == RuleStatus::kCannotTell ? "could not be judged: " : "not applicable: ";
    return out + ">\n      <skipped" + attribute("message", std::string(kind) + test.outcome->reason) +
           "/>\n    </testcase>\n";
  }
  if (test.findings.empty()) return out + "/>\n";
  std::string all;
  for (const Finding* finding : test.findings) all += (all.empty() ? "" : "\n") + text_of(*finding);
  const Finding& worst = **std::ranges::max_element(test.findings, {}, &Finding::severity);
  out += ">\n";
  if (test.fails(gate)) {
    out += "      <failure" + attribute("type", to_string(worst.severity)) +
           attribute("message", worst.title) + ">" + xml_escape(all) + "</failure>\n";
  } else {
    out += "      <system-out>" + xml_escape(all) + "</system-out>\n";
  }
  return out + "    </testcase>\n";
}

std::vector<Case> cases_of(const model::Report& report, const std::string& target) {
  std::vector<Case> cases;
  for (const RuleOutcome& outcome : report.rules) {
    if (outcome.target != target) continue;
    Case test{.outcome = &outcome, .findings = {}};
    for (const Finding& finding : report.findings) {
      if (finding.rule == outcome.rule && finding.target == target) test.findings.push_back(&finding);
    }
    cases.push_back(std::move(test));
  }
  return cases;
}

std::vector<std::string> targets_of(const model::Report& report) {
  std::vector<std::string> names;
  for (const RuleOutcome& outcome : report.rules) {
    if (std::ranges::find(names, outcome.target) == names.end()) names.push_back(outcome.target);
  }
  return names;
}

}  // namespace

// As the XSD of Jenkins' xUnit plugin has it: three decimals, and `skipped` of a suite alone.
std::string to_junit(const model::Report& report) {
  const Severity gate = gate_of(report);
  std::array<char, 32> seconds_text{};
  (void)std::snprintf(seconds_text.data(), seconds_text.size(), "%.3f", report.seconds);
  const std::string seconds = seconds_text.data();
  std::string suites;
  size_t tests = 0;
  size_t failures = 0;
  for (const std::string& target : targets_of(report)) {
    const std::vector<Case> cases = cases_of(report, target);
    const auto failed = std::ranges::count_if(cases, [&](const Case& test) { return test.fails(gate); });
    const auto skipped = std::ranges::count_if(cases, &Case::skipped);
    suites += "  <testsuite" + attribute("name", target) + attribute("tests", std::to_string(cases.size())) +
              attribute("failures", std::to_string(failed)) + attribute("errors", "0") +
              attribute("skipped", std::to_string(skipped)) +
              attribute("timestamp", format_time(report.started)) + attribute("time", seconds) + ">\n";
    for (const Case& test : cases) suites += case_xml(test, gate);
    suites += "  </testsuite>\n";
    tests += cases.size();
    failures += static_cast<size_t>(failed);
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" +
         attribute("name", "edp-runner " + report.profile) + attribute("tests", std::to_string(tests)) +
         attribute("failures", std::to_string(failures)) + attribute("errors", "0") +
         attribute("time", seconds) + ">\n" + suites + "</testsuites>\n";
}

}  // namespace edp::report
