// Decompression with limits, and with what could be read before a break.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "runner/decode/decoder.h"

namespace edp::decode {

struct Inflated {
  std::string bytes;
  // Set where the stream is cut or corrupt; `bytes` is then what came out before. Its offset is that of the
  // compressed bytes.
  std::optional<Error> broken;
  bool cut = false;  // with `broken`: the stream just ends too early, so what came out before it is sound
};

bool is_gzip(std::string_view bytes);  // RFC 1952
bool is_zlib(std::string_view bytes);  // RFC 1950; two bytes, so text can look like it

// As inflate() in decoder.h, but a break is not an error as long as anything came out before it. A limit that
// is passed always is one.
Result<Inflated> inflate_what_can_be(std::string bytes, const Limits& limits);

}  // namespace edp::decode
