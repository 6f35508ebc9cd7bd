#include "runner/analyse/correlate.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace edp::analyse {
namespace {

using model::Finding;
using model::SourceLocation;

void add_line(std::vector<SourceLocation>& lines, SourceLocation line) {
  const auto key = [](const SourceLocation& l) { return std::tie(l.file, l.line, l.function, l.role); };
  if (std::ranges::none_of(lines, [&](const SourceLocation& known) { return key(known) == key(line); }))
    lines.push_back(std::move(line));
}

void trim(std::string& text) { text.erase(text.find_last_not_of(' ') + 1); }

void join(Finding& into, Finding from) {
  into.severity = std::max(into.severity, from.severity);
  into.confirmed_by.push_back(from.rule);
  into.summary += " " + from.rule + " sees the same: " + from.summary;
  std::ranges::move(from.evidence, std::back_inserter(into.evidence));
  if (from.location.role == into.location.role && !from.location.function.empty() &&
      from.location.function != into.location.function) {
    into.identity = into.location;
    into.summary += " The two differ in the line: " + into.rule + " infers " + into.location.function + ", " +
                    from.rule + " saw " + from.location.function + " while others waited.";
    std::swap(into.location, from.location);
  }
  if (from.location.line != into.location.line || from.location.file != into.location.file)
    add_line(into.related, std::move(from.location));
  for (SourceLocation& line : from.related) add_line(into.related, std::move(line));
  if (into.contradiction.empty()) into.contradiction = std::move(from.contradiction);
}

}  // namespace

void correlate(std::vector<Finding>& findings) {
  for (Finding& finding : findings) trim(finding.summary);
  std::vector<Finding> joined;
  // The rules that faults are named after come first, each list in its own order.
  std::ranges::stable_partition(findings,
                                [](const Finding& finding) { return finding.rule == finding.fault; });
  for (Finding& finding : findings) {
    const auto same = std::ranges::find_if(joined, [&](const Finding& other) {
      return !finding.subject.empty() && other.rule != finding.rule && other.fault == finding.fault &&
             other.subject == finding.subject && other.target == finding.target;
    });
    if (same == joined.end()) {
      joined.push_back(std::move(finding));
    } else {
      join(*same, std::move(finding));
    }
  }
  for (Finding& finding : joined) {
    if (!finding.contradiction.empty()) finding.summary += " Contradiction: " + finding.contradiction + ".";
  }
  findings = std::move(joined);
}

}  // namespace edp::analyse
