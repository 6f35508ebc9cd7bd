#include <algorithm>
#include <cctype>
#include <ctime>
#include <nlohmann/json.hpp>

#include "operator/kube/exec_plugin.h"

namespace edp::kube {
namespace {

constexpr int kMaxDepth = 16;

std::string text_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// "2026-01-02T03:04:05Z", with a fraction that is dropped or an offset.
std::optional<std::chrono::system_clock::time_point> parse_time(const std::string& text) {
  tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  if (*rest == '.') {
    do {
      ++rest;
    } while (std::isdigit(static_cast<unsigned char>(*rest)) != 0);
  }
  int offset = 0;
  if (*rest == '+' || *rest == '-') {
    tm zone{};
    const char* end = strptime(rest + 1, "%H:%M", &zone);
    if (end == nullptr || *end != '\0') return std::nullopt;
    offset = (zone.tm_hour * 60 + zone.tm_min) * (*rest == '-' ? -60 : 60);
  } else if (std::string_view(rest) != "Z") {
    return std::nullopt;
  }
  // Within what the clock can count in nanoseconds; "never" is often written as the year 9999.
  constexpr time_t kFirst = 0;
  constexpr time_t kLast = 9'000'000'000;  // 2255
  return std::chrono::system_clock::from_time_t(std::clamp<time_t>(timegm(&parts) - offset, kFirst, kLast));
}

bool is_token(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

Result<Credential> parse_exec_credential(const std::string& json, const std::string& api_version) {
  const auto shallow = [](int depth, nlohmann::json::parse_event_t /*event*/, nlohmann::json& /*parsed*/) {
    return depth < kMaxDepth;
  };
  const auto root = nlohmann::json::parse(json, shallow, /*allow_exceptions=*/false);
  if (!root.is_object() || text_at(root, "kind") != "ExecCredential")
    return fail("the plugin did not print an ExecCredential");
  if (text_at(root, "apiVersion") != api_version)
    return fail("the plugin answered in another version than " + api_version);
  const auto status = root.find("status");
  if (status == root.end() || !status->is_object()) return fail("the plugin's ExecCredential has no status");
  Credential found{.token = text_at(*status, "token"),
                   .certificate_pem = text_at(*status, "clientCertificateData"),
                   .key_pem = text_at(*status, "clientKeyData")};
  if (found.certificate_pem.empty() != found.key_pem.empty())
    return fail("the plugin gave a client certificate without its key, or a key without its certificate");
  if (found.token.empty() && found.certificate_pem.empty())
    return fail("the plugin gave neither a token nor a client certificate");
  if (!is_token(found.token)) return fail("the plugin's token is not one word of printable ASCII");
  if (const std::string expires = text_at(*status, "expirationTimestamp"); !expires.empty()) {
    found.expires = parse_time(expires);
    if (!found.expires) return fail("the plugin's expirationTimestamp is not RFC 3339");
  }
  return found;
}

}  // namespace edp::kube
