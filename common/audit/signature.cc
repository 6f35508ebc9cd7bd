#include "common/audit/signature.h"

#include <algorithm>

namespace edp::audit {

using Json = nlohmann::json;

bool is_hash(std::string_view text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string Head::signed_text() const {
  return "edp.audit.head/v1\n" + stream + "\n" + std::to_string(seq) + "\n" + hash + "\n" + time + "\n";
}

Json to_json(const Head& head) {
  Json made = {{"stream", head.stream}, {"seq", head.seq}, {"hash", head.hash}, {"time", head.time}};
  if (!head.key.empty()) {
    made["key"] = head.key;
    made["signature"] = head.signature;
  }
  return made;
}

std::optional<Head> read_head(const Json& object) {
  if (!object.is_object()) return std::nullopt;
  const auto text = [&object](const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto seq = object.find("seq");
  if (seq == object.end() || !seq->is_number_unsigned()) return std::nullopt;
  Head head{.stream = text("stream"),
            .seq = seq->get<uint64_t>(),
            .hash = text("hash"),
            .time = text("time"),
            .key = text("key"),
            .signature = text("signature")};
  // A line feed in a field would let one signed text stand for another.
  const bool plain = (head.stream + head.time).find('\n') == std::string::npos;
  if (head.stream.empty() || !is_hash(head.hash) || !plain) return std::nullopt;
  return head;
}

bool verify(const ed25519::PublicKey& key, const Head& head) {
  return head.key == key.id() && key.verify(head.signed_text(), head.signature);
}

Result<void> sign(const ed25519::PrivateKey& key, Head& head) {
  head.key = key.public_key().id();
  auto signature = key.sign(head.signed_text());
  if (!signature) return fail("the head of the audit stream can't be signed: " + signature.error().what);
  head.signature = std::move(*signature);
  return {};
}

}  // namespace edp::audit
