#include <algorithm>
#include <set>

#include "runner/analyse/format.h"
#include "runner/analyse/rule.h"
#include "runner/analyse/testing/case_file.h"

namespace edp::analyse::testing {
namespace {

// All that people read of a finding.
std::string words_of(const model::Finding& finding) {
  std::string text = finding.title + "\n" + finding.summary + "\n" + finding.advice + "\n";
  for (const model::Evidence& evidence : finding.evidence) {
    text += evidence.name + " = " + std::to_string(evidence.value) + " " + evidence.unit + " (" +
            std::string(to_string(evidence.basis)) + ", " + evidence.artefact + ") " + evidence.note + "\n";
  }
  for (const model::SourceLocation& location : finding.related) {
    text += location.role + ": " + location.function + " " + place_text(location.file, location.line) + "\n";
  }
  return text;
}

std::string describe(const model::Finding& finding) {
  return "fired " + finding.rule + " " + std::string(to_string(finding.severity)) + " " +
         finding.location.function + " " + place_text(finding.location.file, finding.location.line) + "\n" +
         words_of(finding);
}

bool matches(const Expectation& expected, const model::Finding& finding) {
  if (expected.rule != finding.rule || expected.severity != to_string(finding.severity)) return false;
  if (expected.function == "-") return finding.location.function.empty();
  return expected.function == finding.location.function &&
         expected.place == place_text(finding.location.file, finding.location.line);
}

}  // namespace

std::vector<std::string> check_case(const Case& golden) {
  std::set<std::string> rules;
  for (const Expectation& expected : golden.expectations) rules.insert(expected.rule);
  const Analysis analysis = analyse(golden.facts, golden.thresholds, {rules.begin(), rules.end()});

  std::vector<std::string> differences;
  const auto differ = [&](const Expectation& expected, const std::string& what) {
    differences.push_back("line " + std::to_string(expected.line) + ": " + expected.verdict + " " +
                          expected.rule + ": " + what);
  };
  std::vector<const model::Finding*> unexpected;
  for (const model::Finding& finding : analysis.findings) unexpected.push_back(&finding);

  for (const Expectation& expected : golden.expectations) {
    if (expected.verdict == "fired") {
      const auto found = std::ranges::find_if(
          unexpected, [&](const model::Finding* finding) { return matches(expected, *finding); });
      if (found == unexpected.end()) {
        differ(expected, "no finding " + expected.severity + " " + expected.function + " " + expected.place);
      } else {
        unexpected.erase(found);
      }
    } else if (expected.verdict == "says" || expected.verdict == "silent") {
      std::string words;
      for (const model::Finding& finding : analysis.findings) {
        if (finding.rule == expected.rule) words += words_of(finding);
      }
      const bool said = words.find(expected.text) != std::string::npos;
      if (said != (expected.verdict == "says")) differ(expected, "\"" + expected.text + "\" in:\n" + words);
    } else if (expected.verdict == "confirms") {
      const bool confirmed = std::ranges::any_of(analysis.findings, [&](const model::Finding& finding) {
        return finding.rule == expected.text && finding.confidence() != "one_source" &&
               std::ranges::count(finding.confirmed_by, expected.rule) == 1;
      });
      if (!confirmed) differ(expected, "it confirms no finding of " + expected.text);
    } else {
      for (const model::RuleOutcome& outcome : analysis.rules) {
        if (outcome.rule != expected.rule) continue;
        if (to_string(outcome.status) != expected.verdict) {
          differ(expected, "ended " + std::string(to_string(outcome.status)) + " " + outcome.reason);
        } else if (outcome.reason.find(expected.text) == std::string::npos) {
          differ(expected, "the reason is: " + outcome.reason);
        }
      }
    }
  }
  for (const model::RuleOutcome& outcome : analysis.rules) {
    const bool judged = std::ranges::any_of(golden.expectations, [&](const Expectation& expected) {
      return expected.rule == outcome.rule && expected.verdict != "says" && expected.verdict != "silent";
    });
    if (!judged) differences.push_back("the case expects no verdict of " + outcome.rule);
  }
  for (const model::Finding* finding : unexpected)
    differences.push_back("not expected: " + describe(*finding));
  return differences;
}

}  // namespace edp::analyse::testing
