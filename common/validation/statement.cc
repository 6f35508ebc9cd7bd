#include "common/validation/statement.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "common/files.h"
#include "common/json_nesting.h"

namespace edp::validation {
namespace {

using Json = nlohmann::json;  // sorts its keys: one statement, one text
constexpr std::string_view kSchema = "edp.validation/v1";
constexpr size_t kSignatureBytes = 64;
constexpr size_t kMaxBytes = 16384;

std::string canonical(const Statement& of) {
  const Json json = {{"ticket", of.ticket},     {"key", of.key},         {"fingerprint", of.fingerprint},
                     {"workload", of.workload}, {"run", of.run},         {"digest", of.digest},
                     {"verdict", of.verdict},   {"message", of.message}, {"began", of.began},
                     {"time", of.time}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string hex(const unsigned char* bytes, size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4U];
    text += kDigits[bytes[i] & 15U];
  }
  return text;
}

bool unhex(std::string_view text, std::vector<unsigned char>& into) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (text.size() % 2 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    into.push_back(static_cast<unsigned char>(high * 16 + low));
  }
  return true;
}

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

struct SigningKey::Key {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pkey{nullptr, EVP_PKEY_free};
  std::string name;  // tells which key it was
};

Result<SigningKey> SigningKey::from_pem(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  auto key = std::make_shared<Key>();
  key->pkey.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!key->pkey || EVP_PKEY_get_base_id(key->pkey.get()) != EVP_PKEY_ED25519) {
    return fail("is no private key of Ed25519 in PEM: make one with 'openssl genpkey -algorithm ed25519'");
  }
  std::array<unsigned char, 32> raw{};
  size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key->pkey.get(), raw.data(), &size) != 1) return fail("has no public part");
  key->name = sha256_hex({reinterpret_cast<const char*>(raw.data()), size}).substr(0, 16);
  SigningKey made;
  made.key_ = std::move(key);
  return made;
}

Result<std::string> SigningKey::sign(const Statement& statement) const {
  const std::string text = canonical(statement);
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::array<unsigned char, kSignatureBytes> signature{};
  size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_->pkey.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(text), text.size()) != 1) {
    return fail("the statement could not be signed");
  }
  const Json json = {{"schema", kSchema},
                     {"payload", Json::parse(text)},
                     {"key", key_->name},
                     {"signature", hex(signature.data(), size)}};
  return json.dump();
}

Result<Statement> SigningKey::verify(std::string_view json) const {
  if (json.size() > kMaxBytes || nests_deeper(json)) return fail("is no statement");
  const Json tree = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  const auto text = [](const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (!tree.is_object() || text(tree, "schema") != kSchema || !tree.contains("payload") ||
      !tree["payload"].is_object()) {
    return fail("is no statement (edp.validation/v1)");
  }
  const Json& payload = tree["payload"];
  const auto number = [&payload](const char* key) {
    const auto found = payload.find(key);
    return found != payload.end() && found->is_number_integer() ? found->get<int64_t>() : int64_t{0};
  };
  Statement statement{.ticket = text(payload, "ticket"),
                      .key = text(payload, "key"),
                      .fingerprint = text(payload, "fingerprint"),
                      .workload = text(payload, "workload"),
                      .run = text(payload, "run"),
                      .digest = text(payload, "digest"),
                      .verdict = text(payload, "verdict"),
                      .message = text(payload, "message"),
                      .began = number("began"),
                      .time = number("time")};
  std::vector<unsigned char> signature;
  const std::string signed_text = canonical(statement);
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (text(tree, "key") != key_->name) return fail("was signed by another key");
  if (!unhex(text(tree, "signature"), signature) || signature.size() != kSignatureBytes || !context ||
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_->pkey.get()) != 1 ||
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), bytes_of(signed_text),
                       signed_text.size()) != 1) {
    return fail("has a signature that does not fit its text");
  }
  return statement;
}

}  // namespace edp::validation
