#include "runner/kubectl/selector.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/http_url.h"

namespace edp::kubectl {
namespace {

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// At commas outside parentheses.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      parts.push_back(trim(text.substr(begin, i - begin)));
      begin = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return parts;
}

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.';
}
bool is_value(std::string_view text) {  // may be empty
  return text.size() <= 63 && std::ranges::all_of(text, is_label_character);
}
bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= 317 && std::ranges::count(text, '/') <= 1 &&
         std::ranges::all_of(text, [](char c) { return is_label_character(c) || c == '/'; });
}

class Reader {
 public:
  Result<Json> read(std::string_view text) {
    if (trim(text).empty())
      return fail(
          "an empty selector would mean every pod; edp-enabled=true is every one that may be diagnosed");
    for (const std::string_view term : split(text)) {
      if (!add(term))
        return fail("'" + http::one_line(term, 100) + "' is no term of a label selector",
                    http::one_line(text));
    }
    Json selector = Json::object();
    if (!labels_.empty()) selector["matchLabels"] = std::move(labels_);
    if (!expressions_.empty()) selector["matchExpressions"] = std::move(expressions_);
    return selector;
  }

 private:
  Json labels_ = Json::object();
  Json expressions_ = Json::array();

  bool expression(std::string_view key, std::string_view op,
                  const std::vector<std::string_view>& values = {}) {
    if (!is_key(key) || !std::ranges::all_of(values, is_value)) return false;
    Json term = {{"key", key}, {"operator", op}};
    if (!values.empty()) term["values"] = values;
    expressions_.push_back(std::move(term));
    return true;
  }

  bool add(std::string_view term) {
    if (term.empty()) return false;
    if (const size_t open = term.find('('); open != std::string_view::npos) return add_set(term, open);
    if (term.front() == '!') return expression(trim(term.substr(1)), "DoesNotExist");
    if (const size_t at = term.find("!="); at != std::string_view::npos) {
      return expression(trim(term.substr(0, at)), "NotIn", {trim(term.substr(at + 2))});
    }
    const size_t at = term.find('=');
    if (at == std::string_view::npos) return expression(term, "Exists");
    const std::string_view key = trim(term.substr(0, at));
    const std::string_view value = trim(term.substr(at + (term.substr(at).starts_with("==") ? 2 : 1)));
    // The same key twice: both must hold, which one map can't say.
    if (labels_.contains(std::string(key))) return expression(key, "In", {value});
    if (!is_key(key) || !is_value(value)) return false;
    labels_[std::string(key)] = value;
    return true;
  }

  // "key in (a,b)"
  bool add_set(std::string_view term, size_t open) {
    if (term.back() != ')') return false;
    const std::string_view head = trim(term.substr(0, open));
    const size_t space = head.find_last_of(" \t");
    if (space == std::string_view::npos) return false;
    const std::string_view word = head.substr(space + 1);
    if (word != "in" && word != "notin") return false;
    return expression(trim(head.substr(0, space)), word == "in" ? "In" : "NotIn",
                      split(term.substr(open + 1, term.size() - open - 2)));
  }
};

}  // namespace

Result<Json> selector_json(std::string_view text) { return Reader().read(text); }

}  // namespace edp::kubectl
