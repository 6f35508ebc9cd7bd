#include "common/ed25519.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "common/files.h"

namespace edp::ed25519 {
namespace {

constexpr size_t kSignatureBytes = 64;
constexpr uint64_t kMaxKeyFile = 64 << 10;

EVP_PKEY* raw(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }
std::shared_ptr<void> owned(EVP_PKEY* key) {
  return {key, [](void* k) { EVP_PKEY_free(static_cast<EVP_PKEY*>(k)); }};
}

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

// No password is asked for on a terminal.
int no_password(char*, int, int, void*) { return 0; }

template <typename Write>
std::string pem_of(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free_all);
  if (!bio || write(bio.get()) != 1) return {};
  char* data = nullptr;
  const int64_t size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::string hex_of(const std::array<unsigned char, kSignatureBytes>& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : bytes) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

bool is_signature(std::string_view text) {
  return text.size() == 2 * kSignatureBytes &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Of what is_signature().
std::vector<unsigned char> bytes_of(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<unsigned char> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<unsigned char>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return bytes;
}

std::string id_of(EVP_PKEY* key) {
  std::array<unsigned char, 32> point{};
  size_t size = point.size();
  if (EVP_PKEY_get_raw_public_key(key, point.data(), &size) != 1) return {};
  return sha256_hex({reinterpret_cast<const char*>(point.data()), size}).substr(0, 16);
}

std::shared_ptr<void> private_key(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  return owned(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
}

bool is_ed25519(EVP_PKEY* key) { return key != nullptr && EVP_PKEY_id(key) == EVP_PKEY_ED25519; }

}  // namespace

PublicKey::PublicKey(std::shared_ptr<void> key) : key_(std::move(key)), id_(id_of(raw(key_))) {}

Result<PublicKey> PublicKey::load(const std::string& path) {
  const auto pem = read_file(path, kMaxKeyFile);
  if (!pem) return tl::unexpected(pem.error());
  return parse(*pem, path);
}

Result<PublicKey> PublicKey::parse(std::string_view pem, const std::string& where) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  std::shared_ptr<void> key = owned(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr));
  if (!key) key = private_key(pem);
  if (!is_ed25519(raw(key))) return fail("holds no Ed25519 key in PEM form", where);
  return PublicKey(std::move(key));
}

bool PublicKey::verify(std::string_view text, std::string_view signature) const {
  if (!is_signature(signature)) return false;
  const auto bytes = bytes_of(signature);
  const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, raw(key_)) == 1 &&
         EVP_DigestVerify(context.get(), bytes.data(), bytes.size(),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

std::string PublicKey::pem() const {
  return pem_of([this](BIO* bio) { return PEM_write_bio_PUBKEY(bio, raw(key_)); });
}

PrivateKey::PrivateKey(std::shared_ptr<void> key) : key_(std::move(key)), public_key_(key_) {}

Result<PrivateKey> PrivateKey::load(const std::string& path) {
  const auto pem = read_file(path, kMaxKeyFile);
  if (!pem) return tl::unexpected(pem.error());
  return parse(*pem, path);
}

Result<PrivateKey> PrivateKey::parse(std::string_view pem, const std::string& where) {
  std::shared_ptr<void> key = private_key(pem);
  if (!is_ed25519(raw(key))) {
    return fail("holds no Ed25519 private key in PEM form: 'openssl genpkey -algorithm ed25519' makes one",
                where);
  }
  return PrivateKey(std::move(key));
}

Result<PrivateKey> PrivateKey::generate() {
  std::shared_ptr<void> key = owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return fail("no Ed25519 key can be made");
  return PrivateKey(std::move(key));
}

Result<std::string> PrivateKey::sign(std::string_view text) const {
  std::array<unsigned char, kSignatureBytes> signature{};
  size_t size = signature.size();
  const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, raw(key_)) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1) {
    return fail("Ed25519 can't sign");
  }
  return hex_of(signature);
}

std::string PrivateKey::pem() const {
  return pem_of([this](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, raw(key_), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

}  // namespace edp::ed25519
