#include "runner/report/layout.h"

#include <string_view>

namespace edp::report {

std::string dump_json(const nlohmann::ordered_json& json, int indent) {
  // The strict handler would throw.
  return json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string lay_out(const nlohmann::ordered_json& head, const std::vector<std::string>& targets) {
  std::string out = dump_json(head, 2);
  out.resize(out.size() - 2);  // "\n}"
  out += ",\n  \"targets\": [";
  std::string_view separator = "\n    ";
  for (const std::string& target : targets) {
    out += separator;
    out += target;
    separator = ",\n    ";
  }
  out += targets.empty() ? "]\n}\n" : "\n  ]\n}\n";
  return out;
}

}  // namespace edp::report
