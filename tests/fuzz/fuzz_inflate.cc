#include "runner/decode/inflate.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edp;
  const auto limits = fuzz::small_limits();
  const auto all = decode::inflate(fuzz::bytes_of(data, size), limits);
  const auto some = decode::inflate_what_can_be(fuzz::bytes_of(data, size), limits);
  // Both agree, and no limit is passed.
  fuzz::require(all.has_value() == (some && !some->broken));
  if (all) fuzz::require(*all == some->bytes && all->size() <= limits.max_inflated_bytes);
  if (some) fuzz::require(some->bytes.size() <= limits.max_inflated_bytes);
  return 0;
}
