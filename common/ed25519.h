// Ed25519 (RFC 8032): keys in PEM, signatures as 128 hex digits. What is signed, and how it is told from
// other texts that the same key signs, is the caller's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"

namespace edp::ed25519 {

class PublicKey {
 public:
  // PEM (SubjectPublicKeyInfo), or a private key's PEM, whose public part is taken.
  static Result<PublicKey> load(const std::string& path);
  static Result<PublicKey> parse(std::string_view pem, const std::string& where);
  // The first 16 hex digits of the key's SHA-256.
  [[nodiscard]] const std::string& id() const { return id_; }
  // False: not this key's, or of another text.
  [[nodiscard]] bool verify(std::string_view text, std::string_view signature) const;
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
  static Result<PrivateKey> parse(std::string_view pem, const std::string& where);
  static Result<PrivateKey> generate();
  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] Result<std::string> sign(std::string_view text) const;
  [[nodiscard]] std::string pem() const;

 private:
  explicit PrivateKey(std::shared_ptr<void> key);
  std::shared_ptr<void> key_;
  PublicKey public_key_;
};

}  // namespace edp::ed25519
