#include "runner/config/diagnostic_profile.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <sstream>

#include "runner/config/builtin_profiles.h"
#include "runner/config/quantity.h"

namespace edp::config {
namespace {

// Collects every fault of one text, so that a user mends them in one go.
class Reader {
 public:
  explicit Reader(const KnownNames& known) : known_(known) {}

  DiagnosticProfile profile;

  void read(const YAML::Node& root) {
    if (!root.IsMap()) {
      note(root, "a profile is a map of keys");
      return;
    }
    each_key(root, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
      if (key == "name") {
        text(value, profile.name);
      } else if (key == "description") {
        text(value, profile.description);
      } else if (key == "duration") {
        seconds(value, profile.duration_seconds);
      } else if (key == "timeout") {
        seconds(value, profile.timeout_seconds);
      } else if (key == "gate") {
        one_of(value, profile.gate, kSeverities, "severity");
      } else if (key == "collectors") {
        names(value, profile.collectors, known_.collectors, "collector");
      } else if (key == "on-demand") {
        read_on_demand(value);
      } else if (key == "trace") {
        read_trace(value);
      } else if (key == "limits") {
        read_limits(value);
      } else if (key == "mutex-sampling") {
        text(value, profile.mutex_sampling);
      } else if (key == "rules") {
        names(value, profile.rules, known_.rules, "rule");
      } else if (key == "rules-off") {
        names(value, profile.rules_off, known_.rules, "rule");
      } else if (key == "thresholds") {
        read_thresholds(value);
      } else if (key == "masking") {
        read_masking(value);
      } else if (key == "audit-log") {
        text(value, profile.audit_log);
      } else {
        unknown_key(key_node, key, kKeys);
      }
    });
  }

  [[nodiscard]] std::string faults() const { return faults_; }

 private:
  const KnownNames& known_;
  std::string faults_;

  inline static const std::vector<std::string> kSeverities = {"INFO", "WARNING", "CRITICAL"};
  inline static const std::vector<std::string> kKeys = {
      "name",   "description",    "duration", "timeout",   "gate",       "collectors", "on-demand", "trace",
      "limits", "mutex-sampling", "rules",    "rules-off", "thresholds", "masking",    "audit-log"};
  inline static const std::vector<std::string> kOnDemandKeys = {"collectors", "blocked-goroutines"};
  inline static const std::vector<std::string> kTraceKeys = {"window", "repeats", "flight-recorder"};
  inline static const std::vector<std::string> kMaskingKeys = {"name", "pattern", "replace"};
  inline static const std::vector<std::string> kLimitKeys = {"collector-timeout", "max-bytes",
                                                             "max-inflated-bytes"};

  void note(const YAML::Node& node, const std::string& what) {
    if (!faults_.empty()) faults_ += "; ";
    faults_ += "line " + std::to_string(node.Mark().line + 1) + ": " + what;
  }

  void unknown_key(const YAML::Node& node, const std::string& key, std::span<const std::string> known) {
    unknown(node, "key", key, known);
  }

  void unknown(const YAML::Node& node, const std::string& kind, const std::string& name,
               std::span<const std::string> known) {
    const std::string near = nearest(name, known);
    note(node,
         "unknown " + kind + " '" + name + "'" + (near.empty() ? "" : ", did you mean '" + near + "'?"));
  }

  template <typename Visit>
  void each_key(const YAML::Node& map, Visit visit) {
    if (!map.IsMap()) {
      note(map, "a map of keys is expected here");
      return;
    }
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) {
        note(entry.first, "a key is a plain word");
        continue;
      }
      visit(entry.first.Scalar(), entry.first, entry.second);
    }
  }

  void text(const YAML::Node& node, std::string& into) {
    if (node.IsScalar()) {
      into = node.Scalar();
    } else {
      note(node, "text is expected here");
    }
  }

  template <typename Value, typename Parse>
  void quantity(const YAML::Node& node, Value& into, Parse parse) {
    std::string written;
    text(node, written);
    if (written.empty()) return;
    const auto value = parse(written);
    if (value) {
      into = *value;
    } else {
      note(node, value.error().what);
    }
  }

  void seconds(const YAML::Node& node, double& into) { quantity(node, into, parse_seconds); }

  void one_of(const YAML::Node& node, std::string& into, std::span<const std::string> known,
              const std::string& kind) {
    std::string written;
    text(node, written);
    if (std::ranges::find(known, written) == known.end()) {
      unknown(node, kind, written, known);
    } else {
      into = written;
    }
  }

  void names(const YAML::Node& node, std::vector<std::string>& into, std::span<const std::string> known,
             const std::string& kind) {
    if (!node.IsSequence()) {
      note(node, "a list is expected here");
      return;
    }
    for (const auto& item : node) {
      std::string name;
      one_of(item, name, known, kind);
      if (!name.empty()) into.push_back(name);
    }
  }

  void read_trace(const YAML::Node& node) {
    each_key(node, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
      if (key == "window") {
        double window = 0;
        seconds(value, window);
        profile.trace_milliseconds = window * 1e3;
      } else if (key == "repeats") {
        quantity(value, profile.trace_repeats, parse_count);
      } else if (key == "flight-recorder") {
        text(value, profile.flight_recorder);
        if (profile.flight_recorder == "off") profile.flight_recorder.clear();
        if (!profile.flight_recorder.empty() && !profile.flight_recorder.starts_with('/'))
          note(value, "flight-recorder is a path such as /debug/flightrecorder, or off");
      } else {
        unknown_key(key_node, key, kTraceKeys);
      }
    });
  }

  void read_on_demand(const YAML::Node& node) {
    each_key(node, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
      if (key == "collectors") {
        names(value, profile.on_demand, known_.collectors, "collector");
      } else if (key == "blocked-goroutines") {
        quantity(value, profile.on_demand_blocked, parse_count);
      } else {
        unknown_key(key_node, key, kOnDemandKeys);
      }
    });
  }

  void read_limits(const YAML::Node& node) {
    each_key(node, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
      if (key == "collector-timeout") {
        seconds(value, profile.collector_timeout_seconds);
      } else if (key == "max-bytes") {
        quantity(value, profile.max_bytes, parse_bytes);
      } else if (key == "max-inflated-bytes") {
        quantity(value, profile.max_inflated_bytes, parse_bytes);
      } else {
        unknown_key(key_node, key, kLimitKeys);
      }
    });
  }

  // masking: [{name: order, pattern: 'ORD-([0-9]{2})[0-9]+', replace: 'ORD-$1**'}]
  void read_masking(const YAML::Node& node) {
    if (!node.IsSequence()) {
      note(node, "a list is expected here");
      return;
    }
    for (const auto& item : node) {
      masking::OwnPattern pattern;
      each_key(item, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
        if (key == "name") {
          text(value, pattern.name);
        } else if (key == "pattern") {
          text(value, pattern.pattern);
        } else if (key == "replace") {
          text(value, pattern.replace);
        } else {
          unknown_key(key_node, key, kMaskingKeys);
        }
      });
      if (pattern.name.empty() || pattern.pattern.empty()) {
        note(item, "a masking pattern has a name and a pattern");
      } else if (const auto compiled = masking::Patterns::compile({pattern}); !compiled) {
        note(item, compiled.error().to_string());
      } else {
        profile.masking.push_back(std::move(pattern));
      }
    }
  }

  void read_thresholds(const YAML::Node& node) {
    each_key(node, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
      if (std::ranges::find(known_.thresholds, key) == known_.thresholds.end()) {
        unknown(key_node, "threshold", key, known_.thresholds);
        return;
      }
      double number = 0;
      if (value.IsScalar() && YAML::convert<double>::decode(value, number)) {
        profile.thresholds[key] = number;
      } else {
        note(value, "a threshold is a number");
      }
    });
  }
};

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view name, std::span<const std::string> known) {
  std::string best;
  size_t best_distance = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

Result<DiagnosticProfile> parse_profile(const std::string& yaml, std::string_view where,
                                        const KnownNames& known) {
  Reader reader(known);
  try {
    reader.read(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    return fail("line " + std::to_string(error.mark.line + 1) + ": not YAML: " + error.msg,
                std::string(where));
  }
  if (!reader.faults().empty()) return fail(reader.faults(), std::string(where));
  if (reader.profile.collectors.empty()) return fail("no collectors are named", std::string(where));
  if (reader.profile.name.empty()) reader.profile.name = where;
  return std::move(reader.profile);
}

std::vector<std::string> builtin_profiles() {
  std::vector<std::string> names;
  for (const auto& [name, text] : kBuiltinProfiles) names.emplace_back(name);
  return names;
}

Result<std::string> profile_text(const std::string& name_or_path) {
  for (const auto& [name, text] : kBuiltinProfiles) {
    if (name == name_or_path) return std::string(text);
  }
  constexpr std::string_view kEnvironment = "env:";
  if (name_or_path.starts_with(kEnvironment)) {
    const char* value = std::getenv(name_or_path.c_str() + kEnvironment.size());
    if (value == nullptr || *value == '\0') return fail("this environment variable is not set", name_or_path);
    return std::string(value);
  }
  std::ifstream file(name_or_path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    const std::vector<std::string> names = builtin_profiles();
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    return fail("neither a built-in profile (" + list + ") nor a file that can be read", name_or_path);
  }
  return text.str();
}

}  // namespace edp::config
