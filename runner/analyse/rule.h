// A rule judges the facts of one target.
//
// To add one:
//  1. Write runner/analyse/rules/<family>/<name>.cc with `Rule <name>()`, its golden cases beside it.
//  2. Name it in runner/analyse/registry.cc.
//  3. Write docs/rules/<ID>.md: what it means, how it is judged, what to do, what it can't see.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runner/config/thresholds.h"
#include "runner/model/facts.h"
#include "runner/model/finding.h"

namespace edp::analyse {

// Shared, lazily made readings of the facts (map sites, totals by symbol class, ...), see sites.h.
class Readings;

struct RuleInput {
  const model::Facts& facts;
  const config::Thresholds& thresholds;
  Readings& readings;
};

// Exactly one of: findings; or neither can't-tell nor not-applicable = clean; or the reason for either.
struct Judgement {
  std::vector<model::Finding> findings;
  std::string cannot_tell;     // what is missing, and how to get it
  std::string not_applicable;  // why the rule makes no sense for this target

  static Judgement clean() { return {}; }
  static Judgement unknown(std::string reason) { return {.cannot_tell = std::move(reason)}; }
  static Judgement inapplicable(std::string reason) { return {.not_applicable = std::move(reason)}; }
};

struct Rule {
  std::string_view id;           // "GO-SYNCMAP-WRITE-HEAVY"; docs/rules/<id>.md
  std::string_view title;        // one line for `edp-runner rules`
  std::string_view requirement;  // "G4"
  std::vector<config::ThresholdSpec> thresholds;
  Judgement (*judge)(const RuleInput&) = nullptr;
  // The rule that sees the same fault in another source; empty: none does, or this is it. Fingerprints are of
  // the fault, so a fault keeps its own whichever source a run has. See correlate.h.
  std::string_view fault;
};

// All rules, in the order in which they are listed.
const std::vector<Rule>& all_rules();

struct Analysis {
  std::vector<model::Finding> findings;  // worst first; fingerprint and target set; source lines filled in
  std::vector<model::RuleOutcome> rules;
};

// Runs the rules whose id is in `ids` (empty = all) over one target's facts.
Analysis analyse(const model::Facts& facts, const config::Thresholds& thresholds,
                 const std::vector<std::string>& ids = {});

}  // namespace edp::analyse
