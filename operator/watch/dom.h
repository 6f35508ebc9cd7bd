// A small object as a tree, and its fields without exceptions: what is missing or of the wrong type reads as
// the default.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "operator/watch/records.h"

namespace edp::watch {

using Json = nlohmann::json;

// Nested at most 64 deep: what is deeper would overflow the stack when it is written or destroyed.
Result<Json> parse_tree(std::string_view json);

// `object` may be of any type. The member, or a null.
const Json& member(const Json& object, std::string_view key);
// The same along a path: {"spec", "target"}.
const Json& member(const Json& object, std::initializer_list<std::string_view> path);

std::string text_of(const Json& value, std::string_view otherwise = {});
int64_t number_of(const Json& value, int64_t otherwise = 0);
int32_t small_of(const Json& value, int32_t otherwise = 0);  // clamped to 32 bits
bool flag_of(const Json& value, bool otherwise = false);
std::vector<std::string> texts_of(const Json& value);
// "20s", or a number of seconds.
double seconds_of(const Json& value, double otherwise = 0);
// A quantity, as text or number.
std::optional<int64_t> cpu_of(const Json& value);
std::optional<int64_t> bytes_of(const Json& value);
// A LabelSelector. A term with an unknown operator matches nothing.
Selector selector_of(const Json& value);
std::vector<Condition> conditions_of(const Json& value);

}  // namespace edp::watch
