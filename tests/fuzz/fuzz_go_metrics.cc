#include "runner/decode/go_metrics/go_metrics.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edp;
  return fuzz::check(decode::go_metrics::decode_metrics(fuzz::bytes_of(data, size), fuzz::small_limits()));
}
