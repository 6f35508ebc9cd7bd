#include "operator/kube/paths.h"

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <protozero/pbf_reader.hpp>

#include "common/http_url.h"
#include "operator/kube/protobuf.h"

namespace edp::kube {
namespace {

constexpr size_t kMaxStatus = size_t{1} << 20;
constexpr int kMaxDepth = 16;

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string text_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int number_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) return 0;
  return static_cast<int>(std::clamp<int64_t>(found->get<int64_t>(), 0, 1'000'000));
}

// In protobuf, as it comes where the object was asked for so.
StatusText read_status_message(std::string_view object) try {
  constexpr auto kMessage = protozero::tag_and_type(3, protozero::pbf_wire_type::length_delimited);
  constexpr auto kReason = protozero::tag_and_type(4, protozero::pbf_wire_type::length_delimited);
  constexpr auto kCode = protozero::tag_and_type(6, protozero::pbf_wire_type::varint);
  StatusText status;
  protozero::pbf_reader message(object.data(), object.size());
  while (message.next()) {
    switch (message.tag_and_type()) {
      case kMessage:
        status.message = http::one_line(message.get_string(), 1000);
        break;
      case kReason:
        status.reason = http::one_line(message.get_string(), 100);
        break;
      case kCode:
        status.code = static_cast<int>(std::clamp<int64_t>(message.get_int64(), 0, 1'000'000));
        break;
      default:
        message.skip();
    }
  }
  return status;
} catch (const std::exception&) {  // protozero's way to say that a message is broken
  return {};
}

}  // namespace

std::string escape_segment(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return out;
}

std::string escape_query(std::string_view text) { return escape_segment(text); }

StatusText read_status(std::string_view body) {
  StatusText status;
  if (const auto object = protobuf_object(body)) return read_status_message(*object);
  if (body.size() > kMaxStatus || body.find('{') == std::string_view::npos) return status;
  const auto shallow = [](int depth, nlohmann::json::parse_event_t /*event*/, nlohmann::json& /*parsed*/) {
    return depth < kMaxDepth;
  };
  const auto json = nlohmann::json::parse(body, shallow, /*allow_exceptions=*/false);
  if (!json.is_object() || text_at(json, "kind") != "Status") return status;
  status.reason = http::one_line(text_at(json, "reason"), 100);
  status.message = http::one_line(text_at(json, "message"), 1000);
  status.code = number_at(json, "code");
  if (const auto details = json.find("details"); details != json.end() && details->is_object())
    status.retry_after_seconds = number_at(*details, "retryAfterSeconds");
  return status;
}

}  // namespace edp::kube
