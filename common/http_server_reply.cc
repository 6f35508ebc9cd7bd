#include <array>
#include <cstdio>

#include "common/http_server.h"

namespace edp::http {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) {
      std::array<char, 8> escape{};
      (void)std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned char>(c));
      out += escape.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string_view ServerRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return value;
  }
  return {};
}

size_t ServerRequest::header_count(std::string_view name) const {
  size_t count = 0;
  for (const auto& [key, value] : headers) count += same_name(key, name) ? 1 : 0;
  return count;
}

std::string_view ServerRequest::bearer_token() const {
  if (header_count("Authorization") != 1) return {};
  std::string_view value = header("Authorization");
  if (value.size() < 8 || !same_name(value.substr(0, 7), "Bearer ")) return {};
  value.remove_prefix(7);
  while (value.starts_with(' ')) value.remove_prefix(1);
  return value.find(' ') == std::string_view::npos ? value : std::string_view();
}

Reply error_reply(int status, std::string_view reason, std::string_view message) {
  Reply reply;
  reply.status = status;
  reply.body = "{\"error\":";
  append_json(reply.body, message);
  reply.body += ",\"reason\":";
  append_json(reply.body, reason);
  reply.body += "}\n";
  return reply;
}

Reply body_error(BodyEnd end, uint64_t max_bytes) {
  switch (end) {
    case BodyEnd::kTooLong:
      return error_reply(413, "TooLarge", "the body is longer than " + std::to_string(max_bytes) + " bytes");
    case BodyEnd::kTimedOut:
      return error_reply(408, "TimedOut", "the body did not come in time");
    case BodyEnd::kBroken:
    case BodyEnd::kRefused:
    case BodyEnd::kComplete:
      break;
  }
  return error_reply(400, "BrokenBody", "the body broke off or is malformed");
}

}  // namespace edp::http
