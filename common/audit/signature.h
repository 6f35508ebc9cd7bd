// The heads that seal an audit stream. A head says: this stream had this line as its last at this time. Who
// holds one can tell that lines were cut off behind.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "common/ed25519.h"
#include "common/result.h"

namespace edp::audit {

struct Head {
  std::string stream;
  uint64_t seq = 0;
  std::string hash;       // of that line's bytes: 64 hex digits
  std::string time;       // RFC 3339
  std::string key;        // who signed: the first 16 hex digits of the public key's SHA-256; empty: nobody
  std::string signature;  // 128 hex digits

  [[nodiscard]] std::string signed_text() const;
};
nlohmann::json to_json(const Head& head);
// Nothing where a part is missing or has another form.
std::optional<Head> read_head(const nlohmann::json& object);

// False: not by this key, or of another head.
bool verify(const ed25519::PublicKey& key, const Head& head);
Result<void> sign(const ed25519::PrivateKey& key, Head& head);

bool is_hash(std::string_view text);  // 64 hex digits, lower case

}  // namespace edp::audit
