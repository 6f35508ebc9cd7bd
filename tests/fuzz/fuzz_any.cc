// Everything a file goes through: inflating, sniffing, and whichever decoder takes it.
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edp;
  return fuzz::check(decode::decode(fuzz::bytes_of(data, size), "input", fuzz::small_limits()));
}
