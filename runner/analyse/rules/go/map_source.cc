#include "runner/analyse/rules/go/map_source.h"

#include <re2/re2.h>

#include <algorithm>

namespace edp::analyse::go {
namespace {

constexpr int64_t kMostLines = 200;  // of one critical section

const RE2& range_form() {
  static const RE2 pattern(R"(\bfor\b.*\brange\s+([A-Za-z_][\w.]*)\s*\{)");
  return pattern;
}
const RE2& call_form() {
  static const RE2 pattern(R"(\b(?:delete|clear)\(([A-Za-z_][\w.]*))");
  return pattern;
}
const RE2& index_form() {
  static const RE2 pattern(R"(([A-Za-z_][\w.]*)\[[^\]:]+\])");
  return pattern;
}

std::string_view without_comment(std::string_view line) { return line.substr(0, line.find("//")); }

std::string_view last_part(std::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

bool is_declared_map(std::string_view text, std::string_view name) {
  const RE2 declaration("\\b" + RE2::QuoteMeta(std::string(last_part(name))) +
                        R"(\s*(?::=|=|:|,|\s)\s*(?:make\()?\*?map\[)");
  return RE2::PartialMatch(text, declaration);
}

}  // namespace

std::string map_in_line(std::string_view line) {
  line = without_comment(line);
  std::string name;
  for (const RE2* form : {&range_form(), &call_form(), &index_form()}) {
    if (RE2::PartialMatch(line, *form, &name)) return name;
  }
  return {};
}

std::optional<MapInSource> find_map(std::string_view text, int64_t first, int64_t last) {
  int64_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view raw = text.substr(at, end - at);
    at = end + 1;
    if (++number <= first) continue;
    if ((last != 0 && number >= last) || number > first + kMostLines) break;
    if (raw.starts_with('}')) break;  // gofmt: the function's end
    std::string name = map_in_line(raw);
    if (name.empty() || !is_declared_map(text, name)) continue;
    return MapInSource{.name = std::move(name),
                       .line = number,
                       .iterates = RE2::PartialMatch(without_comment(raw), range_form())};
  }
  return std::nullopt;
}

}  // namespace edp::analyse::go
