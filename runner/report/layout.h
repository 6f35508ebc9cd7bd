// How the JSON of a report is laid out: the part people read over many lines, the trees, a target a line, for
// machines.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace edp::report {

// Bytes that are not UTF-8 become U+FFFD.
std::string dump_json(const nlohmann::ordered_json& json, int indent);

// `head` is all of the report but "targets"; each of `targets` is dumped already.
std::string lay_out(const nlohmann::ordered_json& head, const std::vector<std::string>& targets);

}  // namespace edp::report
