#include "operator/serve/secret_file.h"

#include <openssl/crypto.h>

#include "common/files.h"

namespace edp::serve {

bool same_secret(std::string_view a, std::string_view b) {
  const std::string x = sha256_hex(a);
  const std::string y = sha256_hex(b);
  return CRYPTO_memcmp(x.data(), y.data(), x.size()) == 0;
}

Result<std::string> SecretFile::get() {
  const MutexLock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (!word_.empty() && now - read_at_ < keep_) return word_;
  word_.clear();
  auto text = read_file(path_, uint64_t{64} << 10U);
  if (!text) return tl::unexpected(text.error());
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text->find_first_not_of(kSpace);
  if (first == std::string::npos) return fail("is empty", path_);
  word_ = text->substr(first, text->find_last_not_of(kSpace) - first + 1);
  read_at_ = now;
  return word_;
}

void SecretFile::forget() {
  const MutexLock lock(mutex_);
  word_.clear();
}

}  // namespace edp::serve
