// The text forms of profiles that Go serves with ?debug=1, and their kin: google/pprof's
// profile/legacy_profile.go.
//
// Samples, values (scaled as pprof scales them) and addresses are those that pprof reads. Beyond pprof, which
// looks symbols up in the binary, the functions and lines that Go prints behind each sample as comments are
// kept, and heap?debug=1's trailer gives MemoryStats.
#pragma once

#include "runner/decode/decoder.h"

namespace edp::decode::pprof {

Result<Decoded> decode_text(std::string bytes, const Limits& limits);
bool sniff_text(std::string_view prefix);

}  // namespace edp::decode::pprof

namespace edp::decode {
Decoder pprof_text_decoder();
}  // namespace edp::decode
