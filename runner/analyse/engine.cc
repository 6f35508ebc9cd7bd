#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <tuple>

#include "runner/analyse/correlate.h"
#include "runner/analyse/rule.h"
#include "runner/analyse/sites.h"
#include "runner/analyse/source_line.h"

namespace edp::analyse {
namespace {

using model::Finding;
using model::RuleOutcome;
using model::RuleStatus;
using model::SourceLocation;

uint64_t fnv1a(std::string_view text, uint64_t hash) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

std::string_view base_name(std::string_view file) { return file.substr(file.rfind('/') + 1); }

// The fault's identity from run to run: neither figures nor line numbers, which edits elsewhere shift, nor
// the path, which differs between builds, nor the target, of which there may be a thousand alike.
std::string fingerprint(const Finding& finding, size_t ordinal) {
  const SourceLocation& place = finding.identity ? *finding.identity : finding.location;
  uint64_t hash = 0xcbf29ce484222325;
  for (const std::string_view part : {std::string_view(finding.fault), std::string_view(place.function),
                                      base_name(place.file), std::string_view(place.role)}) {
    hash = fnv1a(std::string_view("\0", 1), fnv1a(part, hash));
  }
  if (ordinal > 0) hash = fnv1a(std::to_string(ordinal), hash);
  char text[17];
  const int size = std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return {text, static_cast<size_t>(size)};
}

// Several findings of a rule in one function: told apart by their order in the file.
void set_fingerprints(std::vector<Finding>& findings) {
  std::vector<Finding*> order;
  for (Finding& finding : findings) order.push_back(&finding);
  std::ranges::stable_sort(order, {}, [](const Finding* finding) { return finding->location.line; });
  std::map<std::string, size_t> seen;
  for (Finding* finding : order)
    finding->fingerprint = fingerprint(*finding, seen[fingerprint(*finding, 0)]++);
}

auto place(const SourceLocation& location) {
  return std::tie(location.file, location.line, location.function);
}

// Findings of different rules about the same line are views of one cost: each names the others.
void relate(std::vector<Finding>& findings) {
  for (Finding& finding : findings) {
    if (finding.location.function.empty()) continue;
    for (const Finding& other : findings) {
      if (other.rule == finding.rule || place(other.location) != place(finding.location)) continue;
      SourceLocation link = other.location;
      link.role = "the same line in " + other.rule;
      finding.related.push_back(std::move(link));
    }
  }
}

void fill_source(std::vector<Finding>& findings) {
  std::map<std::pair<std::string, int64_t>, std::string> lines;
  const auto fill = [&](SourceLocation& location) {
    if (!location.source.empty() || location.file.empty()) return;
    const auto [found, is_new] = lines.try_emplace({location.file, location.line});
    if (is_new) found->second = read_source_line(location.file, location.line);
    location.source = found->second;
  };
  for (Finding& finding : findings) {
    fill(finding.location);
    for (SourceLocation& location : finding.related) fill(location);
  }
}

// A library's exception ends the rule, not the run, and the report says so.
Judgement judge(const Rule& rule, const RuleInput& input) {
  try {
    return rule.judge(input);
  } catch (const std::exception& error) {
    return Judgement::unknown(std::string("the rule failed: ") + error.what());
  }
}

}  // namespace

Analysis analyse(const model::Facts& facts, const config::Thresholds& thresholds,
                 const std::vector<std::string>& ids) {
  Analysis analysis;
  Readings readings(facts);
  const RuleInput input{facts, thresholds, readings};
  for (const Rule& rule : all_rules()) {
    if (!ids.empty() && std::ranges::find(ids, rule.id) == ids.end()) continue;
    Judgement judgement = judge(rule, input);
    RuleOutcome outcome{.rule = std::string(rule.id), .target = facts.target};
    if (!judgement.findings.empty()) {
      outcome.status = RuleStatus::kFired;
    } else if (!judgement.cannot_tell.empty()) {
      outcome.status = RuleStatus::kCannotTell;
      outcome.reason = std::move(judgement.cannot_tell);
    } else if (!judgement.not_applicable.empty()) {
      outcome.status = RuleStatus::kNotApplicable;
      outcome.reason = std::move(judgement.not_applicable);
    }
    analysis.rules.push_back(std::move(outcome));
    for (Finding& finding : judgement.findings) {
      finding.rule = rule.id;
      finding.fault = rule.fault.empty() ? rule.id : rule.fault;
      finding.target = facts.target;
      analysis.findings.push_back(std::move(finding));
    }
  }
  for (const std::string& id : ids) {
    if (std::ranges::find(all_rules(), id, &Rule::id) != all_rules().end()) continue;
    analysis.rules.push_back({.rule = id,
                              .target = facts.target,
                              .status = RuleStatus::kCannotTell,
                              .reason = "there is no rule of this id"});
  }
  correlate(analysis.findings);
  // Within a severity the rules' own order stays: each puts its heaviest finding first.
  std::ranges::stable_sort(analysis.findings,
                           [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  set_fingerprints(analysis.findings);
  relate(analysis.findings);
  fill_source(analysis.findings);
  return analysis;
}

}  // namespace edp::analyse
