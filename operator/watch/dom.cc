#include "operator/watch/dom.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/json_nesting.h"
#include "operator/watch/readers.h"

namespace edp::watch {
namespace {

// A number as a quantity's text: 1, 0.5.
std::string quantity_text(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  return value.is_number() ? value.dump() : std::string();
}

}  // namespace

Result<Json> parse_tree(std::string_view json) {
  if (nests_deeper(json)) return fail("nested too deeply");
  try {
    Json tree = Json::parse(json.begin(), json.end(), nullptr, false);
    if (tree.is_discarded()) return fail("not valid JSON");
    if (!tree.is_object()) return fail("not a JSON object");
    return tree;
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

const Json& member(const Json& object, std::string_view key) {
  static const Json* const null = new Json;
  if (!object.is_object()) return *null;
  const auto found = object.find(key);
  return found == object.end() ? *null : *found;
}

const Json& member(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* at = &object;
  for (const std::string_view key : path) at = &member(*at, key);
  return *at;
}

std::string text_of(const Json& value, std::string_view otherwise) {
  return value.is_string() ? value.get_ref<const std::string&>() : std::string(otherwise);
}

int64_t number_of(const Json& value, int64_t otherwise) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    return static_cast<int64_t>(std::min<uint64_t>(number, std::numeric_limits<int64_t>::max()));
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    if (std::isfinite(number) && std::fabs(number) < 9e18) return static_cast<int64_t>(number);
  }
  return otherwise;
}

int32_t small_of(const Json& value, int32_t otherwise) {
  return static_cast<int32_t>(std::clamp<int64_t>(
      number_of(value, otherwise), std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
}

bool flag_of(const Json& value, bool otherwise) { return value.is_boolean() ? value.get<bool>() : otherwise; }

std::vector<std::string> texts_of(const Json& value) {
  std::vector<std::string> texts;
  if (!value.is_array()) return texts;
  for (const Json& one : value)
    if (one.is_string()) texts.push_back(one.get<std::string>());
  return texts;
}

double seconds_of(const Json& value, double otherwise) {
  if (value.is_number()) {
    const auto seconds = value.get<double>();
    return std::isfinite(seconds) && seconds >= 0 ? seconds : otherwise;
  }
  if (!value.is_string()) return otherwise;
  const auto& text = value.get_ref<const std::string&>();
  if (const auto seconds = parse_duration(text)) return *seconds;
  return parse_duration(text + "s").value_or(otherwise);  // "20" means seconds, as in the runner's profiles
}

std::optional<int64_t> cpu_of(const Json& value) { return parse_cpu(quantity_text(value)); }
std::optional<int64_t> bytes_of(const Json& value) { return parse_bytes(quantity_text(value)); }

Selector selector_of(const Json& value) {
  Selector selector;
  if (const Json& labels = member(value, "matchLabels"); labels.is_object()) {
    for (const auto& [key, wanted] : labels.items())
      selector.terms.push_back({key, SelectorTerm::Op::kIn, {text_of(wanted)}});
  }
  const Json& expressions = member(value, "matchExpressions");
  if (!expressions.is_array()) return selector;
  for (const Json& one : expressions) {
    SelectorTerm term;
    term.key = text_of(member(one, "key"));
    const std::string op = text_of(member(one, "operator"));
    if (op == "In" || op == "NotIn") {
      term.op = op == "In" ? SelectorTerm::Op::kIn : SelectorTerm::Op::kNotIn;
      term.values = texts_of(member(one, "values"));
    } else if (op == "Exists") {
      term.op = SelectorTerm::Op::kExists;
    } else if (op == "DoesNotExist") {
      term.op = SelectorTerm::Op::kDoesNotExist;
    }  // else: In without values
    selector.terms.push_back(std::move(term));
  }
  return selector;
}

std::vector<Condition> conditions_of(const Json& value) {
  std::vector<Condition> conditions;
  if (!value.is_array()) return conditions;
  for (const Json& one : value) {
    Condition condition;
    condition.type = text_of(member(one, "type"));
    condition.status = text_of(member(one, "status"));
    condition.reason = text_of(member(one, "reason"));
    condition.message = text_of(member(one, "message"));
    condition.transition = parse_time(text_of(member(one, "lastTransitionTime")));
    condition.observed_generation = number_of(member(one, "observedGeneration"));
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

}  // namespace edp::watch
