#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "common/json_nesting.h"
#include "runner/report/layout.h"
#include "runner/report/read.h"

namespace edp::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> kSeverities = {"CRITICAL", "WARNING", "INFO"};

void append(Json& to, Json& from) {
  for (Json& item : from) to.push_back(std::move(item));
}

// Worst first; within a severity the order of the reports.
Json sorted_findings(const Json& findings) {
  Json sorted = Json::array();
  for (const std::string_view severity : kSeverities) {
    for (const Json& finding : findings) {
      if (finding.at("severity") == severity) sorted.push_back(finding);
    }
  }
  return sorted;
}

Json verdict(const Json& findings, const Json& rules) {
  const auto count = [](const Json& list, std::string_view key, std::string_view value) {
    return std::ranges::count_if(list, [&](const Json& item) { return item.at(key) == value; });
  };
  return {{"worst", findings.empty() ? Json(nullptr) : findings.front().at("severity")},
          {"critical", count(findings, "severity", "CRITICAL")},
          {"warning", count(findings, "severity", "WARNING")},
          {"info", count(findings, "severity", "INFO")},
          {"rules_clean", count(rules, "status", "clean")},
          {"rules_cannot_tell", count(rules, "status", "cannot_tell")}};
}

class Merger {
 public:
  explicit Merger(const MergedRun& run) : run_(run) {}

  void add(Json report) {
    if (head_.empty()) {
      head_ = {{"schema", "edp.report/v1"}, {"tool", report.at("tool")}, {"profile", report.at("profile")}};
    }
    const Json& run = report.at("run");
    const auto started = run.at("started").get<std::string>();  // RFC 3339 in UTC: sorts as text
    if (started_.empty() || started < started_) started_ = started;
    // Targets run beside and after each other; the longest says least wrongly how long one of them took.
    if (run.at("duration_seconds").is_number()) {
      seconds_ = std::max(seconds_, run.at("duration_seconds").get<double>());
    }
    cancelled_ = cancelled_ || run.at("cancelled").get<bool>();
    append(findings_, report.at("findings"));
    append(rules_, report.at("rules"));
    append(collectors_, report.at("collectors"));
    append(artefacts_, report.at("artefacts"));
    for (const auto& [pattern, strikes] : report.at("masking").items()) {
      masking_[pattern] = masking_.value(pattern, int64_t{0}) + strikes.get<int64_t>();
    }
    for (const Json& target : report.at("targets")) targets_.push_back(dump_json(target, -1));
  }

  std::string finish() {
    Json findings = sorted_findings(findings_);
    const Json head = {{"schema", head_.at("schema")},
                       {"tool", head_.at("tool")},
                       {"run",
                        {{"id", run_.run_id},
                         {"started", started_},
                         {"duration_seconds", seconds_},
                         {"cancelled", cancelled_ || run_.cancelled},
                         {"gate", run_.gate},
                         {"exit_status", run_.exit_status}}},
                       {"profile", head_.at("profile")},
                       {"verdict", verdict(findings, rules_)},
                       {"findings", std::move(findings)},
                       {"rules", std::move(rules_)},
                       {"collectors", std::move(collectors_)},
                       {"artefacts", std::move(artefacts_)},
                       {"masking", std::move(masking_)}};
    return lay_out(head, targets_);
  }

 private:
  const MergedRun& run_;
  Json head_;
  std::string started_;
  double seconds_ = 0;
  bool cancelled_ = false;
  Json findings_ = Json::array(), rules_ = Json::array(), collectors_ = Json::array(),
       artefacts_ = Json::array();
  Json masking_ = Json::object();
  std::vector<std::string> targets_;
};

}  // namespace

Result<std::string> merge_json(const std::vector<std::string>& reports, const MergedRun& run) try {
  if (reports.empty()) return fail("there is no report to merge");
  Merger merger(run);
  for (const std::string& report : reports) {
    if (nests_deeper(report)) return fail("is nested too deep for a report");
    Json parsed = Json::parse(report);
    if (!parsed.is_object() || parsed.value("schema", "") != "edp.report/v1")
      return fail("is not an edp.report/v1");
    merger.add(std::move(parsed));
  }
  return merger.finish();
} catch (const Json::exception& error) {
  return fail(std::string("is not a report: ") + error.what());
}

}  // namespace edp::report
