// SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "runner/report/report.h"
#include "runner/report/text.h"

namespace edp::report {
namespace {

using Json = nlohmann::ordered_json;
using model::RuleStatus;
using model::Severity;

std::string_view level_of(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kInfo:
      return "note";
  }
  return "none";
}

// A URI reference (RFC 3986): everything but unreserved characters and '/' is percent-encoded, so that a
// hostile or odd file name can't become a scheme or break the viewer.
std::string uri_of(std::string_view path) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0xFU];
    }
  }
  return out;
}

Json location_json(const model::SourceLocation& place) {
  Json out = Json::object();
  if (!place.file.empty()) {
    Json physical = {{"artifactLocation", {{"uri", uri_of(place.file)}}}};
    if (place.line > 0) {
      physical["region"] = {{"startLine", place.line}};
      if (!place.source.empty()) physical["region"]["snippet"] = {{"text", place.source}};
    }
    out["physicalLocation"] = std::move(physical);
  }
  if (!place.function.empty()) {
    out["logicalLocations"] = Json::array({{{"fullyQualifiedName", place.function}, {"kind", "function"}}});
  }
  if (!place.role.empty()) out["message"] = {{"text", place.role}};
  return out;
}

std::string message_of(const model::Finding& finding) {
  std::string out = finding.title + ". " + finding.summary;
  for (const model::Evidence& figure : finding.evidence) {
    out += "\n- " + figure.name + ": " + format_value(figure.value, figure.unit) + " (" +
           std::string(to_string(figure.basis)) + ")";
  }
  return out + "\n" + finding.advice;
}

Json result_json(const model::Finding& finding, const std::map<std::string, size_t>& rule_index) {
  Json out = {{"ruleId", finding.rule},
              {"level", level_of(finding.severity)},
              {"message", {{"text", message_of(finding)}}},
              {"locations", Json::array({location_json(finding.location)})}};
  const auto rule = rule_index.find(finding.rule);
  if (rule != rule_index.end()) out["ruleIndex"] = rule->second;
  Json related = Json::array();
  for (const model::SourceLocation& place : finding.related) related.push_back(location_json(place));
  if (!related.empty()) out["relatedLocations"] = std::move(related);
  if (!finding.fingerprint.empty()) out["partialFingerprints"] = {{"edp/v1", finding.fingerprint}};
  out["properties"] = {{"target", finding.target}, {"severity", to_string(finding.severity)}};
  return out;
}

// What could not be judged, and what could not be collected.
Json notifications_json(const model::Report& report) {
  Json out = Json::array();
  for (const model::RuleOutcome& outcome : report.rules) {
    if (outcome.status != RuleStatus::kCannotTell) continue;
    out.push_back({{"level", "note"},
                   {"message", {{"text", outcome.rule + " could not be judged: " + outcome.reason}}},
                   {"associatedRule", {{"id", outcome.rule}}}});
  }
  for (const model::CollectorOutcome& outcome : report.collectors) {
    if (outcome.outcome == "ok" || outcome.outcome == "absent") continue;
    out.push_back(
        {{"level", "warning"},
         {"message", {{"text", outcome.collector + " " + outcome.outcome + ": " + outcome.message}}}});
  }
  return out;
}

}  // namespace

std::string to_sarif(const model::Report& report) {
  std::map<std::string, size_t> rule_index;
  Json rules = Json::array();
  for (const model::RuleOutcome& outcome : report.rules) {
    if (!rule_index.try_emplace(outcome.rule, rules.size()).second) continue;
    rules.push_back({{"id", outcome.rule}, {"help", {{"text", "See docs/rules/" + outcome.rule + ".md"}}}});
  }
  Json results = Json::array();
  for (const model::Finding& finding : report.findings) results.push_back(result_json(finding, rule_index));
  Json run = {
      {"tool",
       {{"driver", {{"name", "edp-runner"}, {"version", report.tool_version}, {"rules", std::move(rules)}}}}},
      {"automationDetails", {{"id", "edp/" + report.profile + "/" + report.run_id}}},
      {"columnKind", "utf16CodeUnits"},
      {"invocations", Json::array({{{"executionSuccessful", report.exit_status != 1},
                                    {"exitCode", report.exit_status},
                                    {"startTimeUtc", format_time(report.started)},
                                    {"toolExecutionNotifications", notifications_json(report)}}})},
      {"results", std::move(results)}};
  const Json log = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                    {"version", "2.1.0"},
                    {"runs", Json::array({std::move(run)})}};
  return log.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace edp::report
