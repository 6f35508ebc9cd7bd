#include "runner/decode/pprof/legacy.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edp;
  return fuzz::check(decode::pprof::decode_text(fuzz::bytes_of(data, size), fuzz::small_limits()));
}
