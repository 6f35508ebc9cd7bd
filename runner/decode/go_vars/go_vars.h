// /debug/vars: package expvar's JSON object, whose "memstats" is runtime.MemStats.
#pragma once

#include "runner/decode/decoder.h"

namespace edp::decode::go_vars {

Result<Decoded> decode_vars(std::string bytes, const Limits& limits);

}  // namespace edp::decode::go_vars

namespace edp::decode {
Decoder go_vars_decoder();
}  // namespace edp::decode
