#include "runner/kubectl/output.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "runner/report/text.h"

namespace edp::kubectl {
namespace {

constexpr size_t kGap = 3;

std::string scalar(const Json& json) {
  if (!json.is_string()) return json.dump();
  const auto& text = json.get_ref<const std::string&>();
  constexpr std::array<std::string_view, 9> kWords = {"true", "false", "null", "yes", "no",
                                                      "on",   "off",   "y",    "n"};
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const bool plain =
      !text.empty() && letter(text.front()) && std::ranges::count(kWords, lower) == 0 &&
      std::ranges::all_of(text, [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
      });
  // A string of JSON is one of YAML.
  return plain ? text : json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void write_yaml(const Json& json, size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  const auto value = [&](const Json& item) {
    if (item.is_structured() && !item.empty()) {
      out += "\n";
      write_yaml(item, indent + 2, out);
    } else {
      out += " " + scalar(item) + "\n";
    }
  };
  if (json.is_object()) {
    for (const auto& [key, item] : json.items()) {
      out += margin + scalar(key) + ":";
      value(item);
    }
  } else {
    for (const Json& item : json) {
      out += margin + "-";
      value(item);
    }
  }
}

}  // namespace

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  std::vector<std::vector<std::string>> cells;
  for (const auto& row : rows) {
    auto& safe = cells.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      safe.push_back(report::one_line(row[i]));
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], report::display_width(safe.back()));
    }
  }
  std::string out;
  for (const auto& row : cells) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - report::display_width(row[i]) + kGap, ' ');
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += line + "\n";
  }
  return out;
}

std::string to_yaml(const Json& json) {
  if (!json.is_structured() || json.empty()) return scalar(json) + "\n";
  std::string out;
  write_yaml(json, 0, out);
  return out;
}

int64_t seconds_of(std::string_view rfc3339) {
  std::tm utc{};
  const int fields = std::sscanf(std::string(rfc3339).c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &utc.tm_year,
                                 &utc.tm_mon,  // NOLINT
                                 &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec);
  if (fields != 6) return 0;
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  return timegm(&utc);
}

std::string age(int64_t then, int64_t now) {
  if (then == 0) return {};
  const int64_t seconds = std::max<int64_t>(0, now - then);
  if (seconds < 120) return std::to_string(seconds) + "s";
  if (seconds < 2 * 3600) return std::to_string(seconds / 60) + "m";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / 86'400) + "d";
}

}  // namespace edp::kubectl
