#include "runner/decode/go_vars/go_vars.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edp;
  return fuzz::check(decode::go_vars::decode_vars(fuzz::bytes_of(data, size), fuzz::small_limits()));
}
