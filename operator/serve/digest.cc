#include "operator/serve/digest.h"

#include <openssl/evp.h>

#include <array>
#include <new>

namespace edp::serve {

struct Digest::Context {
  EVP_MD_CTX* raw = EVP_MD_CTX_new();
  Context() {
    if (raw == nullptr || EVP_DigestInit_ex(raw, EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
  }
  ~Context() { EVP_MD_CTX_free(raw); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

Digest::Digest() : context_(std::make_unique<Context>()) {}
Digest::~Digest() = default;

void Digest::add(std::string_view bytes) { EVP_DigestUpdate(context_->raw, bytes.data(), bytes.size()); }

const std::string& Digest::hex() {
  if (hex_.empty()) {
    std::array<unsigned char, 32> raw{};
    EVP_DigestFinal_ex(context_->raw, raw.data(), nullptr);
    for (const unsigned char byte : raw) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      hex_ += kDigits[byte >> 4U];
      hex_ += kDigits[byte & 15U];
    }
  }
  return hex_;
}

}  // namespace edp::serve
