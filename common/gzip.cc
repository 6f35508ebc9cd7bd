#include "common/gzip.h"

#include <libdeflate.h>

#include <memory>

namespace edp {

std::string gzip(std::string_view bytes) {
  if (bytes.empty()) return {};
  constexpr int kFast = 4;  // reports are text: this gives four fifths of what the best level does
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(kFast), &libdeflate_free_compressor);
  if (!compressor) return {};
  std::string packed(libdeflate_gzip_compress_bound(compressor.get(), bytes.size()), '\0');
  packed.resize(
      libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(), packed.data(), packed.size()));
  return packed;
}

}  // namespace edp
