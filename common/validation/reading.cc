#include "common/validation/reading.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "common/json_nesting.h"

namespace edp::validation {
namespace {

using Json = nlohmann::json;

const Json& member(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}
std::string text(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}
double figure(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_number() ? value.get<double>() : 0;
}
int64_t whole(const Json& value) { return value.is_number_integer() ? value.get<int64_t>() : 0; }

std::string number_text(double value) {
  std::array<char, 32> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), "%.4g", value);
  return {buffer.data(), static_cast<size_t>(size)};
}

std::string evidence_text(const Json& evidence) {
  std::string line = text(evidence, "name") + ": " + number_text(figure(evidence, "value"));
  const std::string unit = text(evidence, "unit");
  if (unit != "count") line += " " + unit;
  line += " (";
  if (member(evidence, "threshold").is_number()) {
    line += "threshold " + number_text(figure(evidence, "threshold")) + ", ";
  }
  return line + text(evidence, "basis") + ")";
}

std::string location_text(const Json& location) {
  std::string line = text(location, "function");
  const std::string file = text(location, "file");
  if (file.empty()) return line;
  if (!line.empty()) line += " ";
  line += file;
  const int64_t number = whole(member(location, "line"));
  if (number > 0) line += ":" + std::to_string(number);
  return line;
}

Finding finding_of(const Json& json) {
  Finding finding{.rule = text(json, "rule"),
                  .severity = text(json, "severity"),
                  .title = text(json, "title"),
                  .summary = text(json, "summary"),
                  .advice = text(json, "advice"),
                  .fingerprint = text(json, "fingerprint"),
                  .function = text(member(json, "location"), "function"),
                  .location = location_text(member(json, "location")),
                  .evidence = {}};
  if (const Json& list = member(json, "evidence"); list.is_array()) {
    for (const Json& one : list) finding.evidence.push_back(evidence_text(one));
  }
  return finding;
}

ProfileFigures figures_of(const Json& json) {
  ProfileFigures figures{.kind = text(json, "kind"),
                         .delta = member(json, "delta") == true,
                         .window_seconds = figure(json, "window_seconds"),
                         .taken_at = figure(json, "taken_at"),
                         .samples = whole(member(json, "samples")),
                         .totals = {},
                         .cum = {}};
  if (const Json& types = member(json, "sample_types"); types.is_array()) {
    for (const Json& one : types) figures.totals.emplace_back(text(one, "type"), whole(member(one, "total")));
  }
  if (const Json& rows = member(json, "functions"); rows.is_array()) {
    for (const Json& row : rows) {
      std::vector<int64_t> values;
      if (const Json& cum = member(row, "cum"); cum.is_array()) {
        for (const Json& value : cum) values.push_back(whole(value));
      }
      // A name that stands twice (two files) is one function to us.
      auto& into = figures.cum[text(row, "function")];
      if (into.size() < values.size()) into.resize(values.size());
      for (size_t i = 0; i < values.size(); ++i) into[i] = std::max(into[i], values[i]);
    }
  }
  return figures;
}

// Big, and not looked at.
bool passed_over(const std::string& key) {
  return key == "flame" || key == "frame_classes" || key == "groups" || key == "artefacts" ||
         key == "states" || key == "related" || key == "memory" || key == "collectors";
}

}  // namespace

Result<Reading> read_report(std::string_view json) {
  if (json.size() > kMaxReportBytes) return fail("the report is longer than 32 MiB");
  if (nests_deeper(json)) return fail("the report is nested too deep");
  const Json tree = Json::parse(
      json,
      [](int, Json::parse_event_t event, Json& parsed) {
        return event != Json::parse_event_t::key || !parsed.is_string() ||
               !passed_over(parsed.get_ref<const std::string&>());
      },
      /*allow_exceptions=*/false);
  if (!tree.is_object()) return fail("the report is no JSON");
  if (text(tree, "schema") != "edp.report/v1") return fail("the schema is not edp.report/v1");
  Reading reading{.run_id = text(member(tree, "run"), "id"),
                  .profile = text(member(tree, "profile"), "name"),
                  .findings = {},
                  .rules = {},
                  .profiles = {}};
  if (const Json& findings = member(tree, "findings"); findings.is_array()) {
    for (const Json& one : findings) reading.findings.push_back(finding_of(one));
  }
  if (const Json& rules = member(tree, "rules"); rules.is_array()) {
    for (const Json& one : rules) {
      reading.rules[text(one, "rule")] = {text(one, "status"), text(one, "reason")};
    }
  }
  const Json& targets = member(tree, "targets");
  if (targets.is_array() && !targets.empty()) {
    if (const Json& profiles = member(targets.front(), "profiles"); profiles.is_array()) {
      for (const Json& one : profiles) reading.profiles.push_back(figures_of(one));
    }
  }
  return reading;
}

}  // namespace edp::validation
