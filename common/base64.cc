#include "common/base64.h"

#include <openssl/evp.h>

namespace edp {

std::string base64(std::string_view bytes) {
  constexpr size_t kPiece = 3 << 20;  // EVP counts in int; a multiple of 3 needs no padding
  std::string out;
  out.reserve(4 * ((bytes.size() + 2) / 3) + 1);
  for (size_t at = 0; at < bytes.size(); at += kPiece) {
    const std::string_view piece = bytes.substr(at, kPiece);
    const size_t before = out.size();
    out.resize(before + 4 * ((piece.size() + 2) / 3) + 1);
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + before),
                        reinterpret_cast<const unsigned char*>(piece.data()), static_cast<int>(piece.size()));
    out.resize(before + static_cast<size_t>(size));
  }
  return out;
}

}  // namespace edp
