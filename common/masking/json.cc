#include <nlohmann/json.hpp>

#include "common/masking/finders.h"
#include "common/masking/masker.h"

namespace edp::masking {
namespace {

using Json = nlohmann::json;

// Where the string that begins at `quote` ends: at its closing quote; npos where there is none.
size_t closing(std::string_view json, size_t quote) {
  for (size_t i = quote + 1; i < json.size(); ++i) {
    if (json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      return i;
    }
  }
  return std::string_view::npos;
}

bool is_key(std::string_view json, size_t behind) {
  const size_t next = json.find_first_not_of(" \t\r\n", behind);
  return next != std::string_view::npos && json[next] == ':';
}

}  // namespace

std::string mask_json(std::string_view json, const std::shared_ptr<const Patterns>& patterns,
                      Counts& counts) {
  std::string out;
  out.reserve(json.size());
  Counts struck;
  bool secret = false;  // the value to come stands behind a key such as "password"
  size_t at = 0;
  while (true) {
    const size_t quote = json.find('"', at);
    const size_t end = quote == std::string_view::npos ? quote : closing(json, quote);
    if (quote == std::string_view::npos || end == std::string_view::npos) break;
    const std::string_view between = json.substr(at, quote - at);
    out += between;
    if (between.find_first_of(",}]") != std::string_view::npos) secret = false;
    const std::string_view literal = json.substr(quote, end + 1 - quote);
    const bool escaped = literal.find('\\') != std::string_view::npos;
    const Json parsed = escaped ? Json::parse(literal, nullptr, false) : Json();
    if (escaped && !parsed.is_string()) return mask(json, patterns, counts);  // no JSON
    const std::string_view content = escaped ? std::string_view(parsed.get_ref<const std::string&>())
                                             : literal.substr(1, literal.size() - 2);
    const bool key = is_key(json, end + 1);
    Counts here;
    std::string masked;
    if (secret && !key && !content.empty()) {
      masked = "***";
      here.add(Kind::kPassword);
    } else {
      masked = mask(content, patterns, here);
    }
    if (here.total() == 0) {
      out += literal;
    } else {
      out += Json(masked).dump(-1, ' ', false, Json::error_handler_t::replace);
      struck.add(here);
    }
    secret = key && is_secret_key(content);
    at = end + 1;
  }
  out += json.substr(at);
  counts.add(struck);
  return out;
}

}  // namespace edp::masking
