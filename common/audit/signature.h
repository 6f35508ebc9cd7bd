// Ed25519 (RFC 8032) keys that seal an audit stream, and the heads that they sign. A head says: this stream
// had this line as its last at this time. Who holds one can tell that lines were cut off behind.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

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

class PublicKey {
 public:
  // PEM (SubjectPublicKeyInfo), or a private key's PEM, whose public part is taken.
  static Result<PublicKey> load(const std::string& path);
  static Result<PublicKey> parse(std::string_view pem, const std::string& where);
  [[nodiscard]] const std::string& id() const { return id_; }
  // False: not this key's, or of another text.
  [[nodiscard]] bool verify(const Head& head) const;
  [[nodiscard]] std::string pem() const;

 private:
  friend class PrivateKey;
  explicit PublicKey(std::shared_ptr<void> key);
  std::shared_ptr<void> key_;  // EVP_PKEY
  std::string id_;
};

class PrivateKey {
 public:
  static Result<PrivateKey> load(const std::string& path);  // PKCS #8, PEM, without a password
  static Result<PrivateKey> generate();
  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  Result<void> sign(Head& head) const;
  [[nodiscard]] std::string pem() const;

 private:
  explicit PrivateKey(std::shared_ptr<void> key);
  std::shared_ptr<void> key_;
  PublicKey public_key_;
};

bool is_hash(std::string_view text);  // 64 hex digits, lower case

}  // namespace edp::audit
