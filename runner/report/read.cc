#include "runner/report/read.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <limits>
#include <nlohmann/json.hpp>

#include "common/json_nesting.h"

namespace edp::report {
namespace {

using Json = nlohmann::json;

double figure(const Json& json) {
  return json.is_number() ? json.get<double>()
                          : std::numeric_limits<double>::quiet_NaN();  // null: not finite
}

// The value of an enum by the name that to_string() gives it; `fallback` for a name of a later version.
template <typename Enum, size_t N>
Enum named(const Json& json, const std::array<Enum, N>& values, Enum fallback) {
  const auto& name = json.get_ref<const std::string&>();
  for (const Enum value : values) {
    if (to_string(value) == name) return value;
  }
  return fallback;
}

model::Severity severity(const Json& json) {
  using enum model::Severity;
  return named(json, std::array{kInfo, kWarning, kCritical}, kInfo);
}

model::SourceLocation location(const Json& json) {
  return {.function = json.at("function"),
          .file = json.at("file"),
          .line = json.at("line"),
          .role = json.at("role"),
          .source = json.at("source")};
}

model::Evidence evidence(const Json& json) {
  using enum model::Basis;
  model::Evidence figures{
      .name = json.at("name"),
      .value = figure(json.at("value")),
      .unit = json.at("unit"),
      .basis = named(json.at("basis"), std::array{kMeasured, kSampled, kInferred}, kInferred),
      .artefact = json.at("artefact"),
      .note = json.at("note")};
  if (!json.at("threshold").is_null()) figures.threshold = figure(json.at("threshold"));
  if (const auto at = json.find("interval"); at != json.end()) {
    figures.interval = {.begin = at->at("begin_ns"), .end = at->at("end_ns")};
    if (const Json& goroutine = at->at("goroutine"); !goroutine.is_null()) {
      figures.interval->goroutine = goroutine.get<uint64_t>();
    }
  }
  return figures;
}

model::Finding finding(const Json& json) {
  model::Finding found{.rule = json.at("rule"),
                       .severity = severity(json.at("severity")),
                       .title = json.at("title"),
                       .summary = json.at("summary"),
                       .location = location(json.at("location")),
                       .advice = json.at("advice"),
                       .fingerprint = json.at("fingerprint"),
                       .target = json.at("target"),
                       // Reports of versions before these keys have none.
                       .confirmed_by = json.value("confirmed_by", std::vector<std::string>{}),
                       .contradiction = json.value("contradiction", "")};
  for (const Json& item : json.at("evidence")) found.evidence.push_back(evidence(item));
  for (const Json& item : json.at("related")) found.related.push_back(location(item));
  return found;
}

model::RuleOutcome rule(const Json& json) {
  using enum model::RuleStatus;
  return {.rule = json.at("rule"),
          .target = json.at("target"),
          .status =
              named(json.at("status"), std::array{kFired, kClean, kCannotTell, kNotApplicable}, kCannotTell),
          .reason = json.at("reason")};
}

model::CollectorOutcome collector(const Json& json) {
  return {.target = json.at("target"),
          .collector = json.at("collector"),
          .outcome = json.at("outcome"),
          .message = json.at("message"),
          .seconds = figure(json.at("duration_seconds")),
          .bytes = json.at("bytes")};
}

model::Artefact artefact(const Json& json) {
  return {.name = json.at("name"),
          .target = json.at("target"),
          .media_type = json.at("media_type"),
          .size = json.at("size"),
          .sha256 = json.at("sha256")};
}

model::Facts facts(const Json& json) {
  model::Facts target;
  target.target = json.at("name");
  target.go_version = json.at("go_version");
  for (const Json& item : json.at("missing")) {
    target.missing.push_back({.collector = item.at("collector"), .reason = item.at("reason")});
  }
  return target;
}

// "2026-05-04T03:12:00.123Z"; 1970 where it is no time.
std::chrono::system_clock::time_point time(const Json& json) {
  std::tm utc{};
  int milliseconds = 0;
  const int fields = std::sscanf(
      json.get_ref<const std::string&>().c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%3d",  // NOLINT
      &utc.tm_year, &utc.tm_mon, &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &milliseconds);
  if (fields < 6) return {};
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  return std::chrono::system_clock::from_time_t(timegm(&utc)) + std::chrono::milliseconds(milliseconds);
}

model::Report read(const Json& json) {
  const Json& run = json.at("run");
  model::Report report{.run_id = run.at("id"),
                       .started = time(run.at("started")),
                       .seconds = figure(run.at("duration_seconds")),
                       .cancelled = run.at("cancelled"),
                       .profile = json.at("profile").at("name"),
                       .gate = run.at("gate"),
                       .exit_status = run.at("exit_status"),
                       .tool_version = json.at("tool").at("version")};
  for (const Json& item : json.at("targets")) report.targets.push_back(facts(item));
  for (const Json& item : json.at("collectors")) report.collectors.push_back(collector(item));
  for (const Json& item : json.at("findings")) report.findings.push_back(finding(item));
  for (const Json& item : json.at("rules")) report.rules.push_back(rule(item));
  for (const Json& item : json.at("artefacts")) report.artefacts.push_back(artefact(item));
  return report;
}

}  // namespace

Result<model::Report> from_json(std::string_view json) try {
  if (nests_deeper(json)) return fail("is nested too deep for a report");
  const Json parsed = Json::parse(json);
  if (!parsed.is_object() || parsed.value("schema", "") != "edp.report/v1")
    return fail("is not an edp.report/v1");
  return read(parsed);
} catch (const Json::exception& error) {
  return fail(std::string("is not a report: ") + error.what());
}

}  // namespace edp::report
