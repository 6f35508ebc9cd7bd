#include <algorithm>
#include <nlohmann/json.hpp>

#include "runner/report/facts_json.h"
#include "runner/report/layout.h"
#include "runner/report/report.h"
#include "runner/report/text.h"

namespace edp::report {
namespace {

using Json = nlohmann::ordered_json;
using model::RuleStatus;
using model::Severity;

Json location_json(const model::SourceLocation& place) {
  return {{"function", place.function},
          {"file", place.file},
          {"line", place.line},
          {"role", place.role},
          {"source", place.source}};
}

Json evidence_json(const model::Evidence& evidence) {
  Json json{{"name", evidence.name},
            {"value", number(evidence.value)},
            {"unit", evidence.unit},
            {"threshold", evidence.threshold ? number(*evidence.threshold) : Json(nullptr)},
            {"basis", to_string(evidence.basis)},
            {"artefact", evidence.artefact},
            {"note", evidence.note}};
  if (const auto& interval = evidence.interval) {
    json["interval"] = {{"begin_ns", interval->begin},
                        {"end_ns", interval->end},
                        {"goroutine", interval->goroutine ? Json(*interval->goroutine) : Json(nullptr)}};
  }
  return json;
}

Json finding_json(const model::Finding& finding) {
  Json evidence = Json::array();
  for (const model::Evidence& figure : finding.evidence) evidence.push_back(evidence_json(figure));
  Json related = Json::array();
  for (const model::SourceLocation& place : finding.related) related.push_back(location_json(place));
  return {{"rule", finding.rule},
          {"severity", to_string(finding.severity)},
          {"title", finding.title},
          {"summary", finding.summary},
          {"evidence", std::move(evidence)},
          {"location", location_json(finding.location)},
          {"related", std::move(related)},
          {"advice", finding.advice},
          {"fingerprint", finding.fingerprint},
          {"confidence", finding.confidence()},
          {"confirmed_by", finding.confirmed_by},
          {"contradiction", finding.contradiction},
          {"target", finding.target}};
}

Json verdict_json(const model::Report& report) {
  const auto findings = [&](Severity severity) {
    return std::ranges::count(report.findings, severity, &model::Finding::severity);
  };
  const auto rules = [&](RuleStatus status) {
    return std::ranges::count(report.rules, status, &model::RuleOutcome::status);
  };
  Json worst = nullptr;
  if (!report.findings.empty()) {
    worst = to_string(std::ranges::max(report.findings, {}, &model::Finding::severity).severity);
  }
  return {{"worst", worst},
          {"critical", findings(Severity::kCritical)},
          {"warning", findings(Severity::kWarning)},
          {"info", findings(Severity::kInfo)},
          {"rules_clean", rules(RuleStatus::kClean)},
          {"rules_cannot_tell", rules(RuleStatus::kCannotTell)}};
}

// All but the targets, which are by far the largest part.
Json head_json(const model::Report& report) {
  Json findings = Json::array();
  for (const model::Finding& finding : report.findings) findings.push_back(finding_json(finding));
  Json rules = Json::array();
  for (const model::RuleOutcome& outcome : report.rules) {
    rules.push_back({{"rule", outcome.rule},
                     {"target", outcome.target},
                     {"status", to_string(outcome.status)},
                     {"reason", outcome.reason}});
  }
  Json collectors = Json::array();
  for (const model::CollectorOutcome& outcome : report.collectors) {
    collectors.push_back({{"target", outcome.target},
                          {"collector", outcome.collector},
                          {"outcome", outcome.outcome},
                          {"message", outcome.message},
                          {"duration_seconds", number(outcome.seconds)},
                          {"bytes", outcome.bytes}});
  }
  Json artefacts = Json::array();
  for (const model::Artefact& artefact : report.artefacts) {
    artefacts.push_back({{"name", artefact.name},
                         {"target", artefact.target},
                         {"media_type", artefact.media_type},
                         {"size", artefact.size},
                         {"sha256", artefact.sha256}});
  }
  return {{"schema", "edp.report/v1"},
          {"tool", {{"name", "edp-runner"}, {"version", report.tool_version}}},
          {"run",
           {{"id", report.run_id},
            {"started", format_time(report.started)},
            {"duration_seconds", number(report.seconds)},
            {"cancelled", report.cancelled},
            {"gate", report.gate.empty() ? "CRITICAL" : report.gate},
            {"exit_status", report.exit_status}}},
          {"profile", {{"name", report.profile}}},
          {"verdict", verdict_json(report)},
          {"findings", std::move(findings)},
          {"rules", std::move(rules)},
          {"collectors", std::move(collectors)},
          {"artefacts", std::move(artefacts)},
          {"masking", Json::object()}};
}

}  // namespace

std::string to_json(const model::Report& report) {
  std::vector<std::string> targets;
  for (const model::Facts& facts : report.targets) targets.push_back(dump_json(facts_json(facts), -1));
  return lay_out(head_json(report), targets);
}

}  // namespace edp::report
