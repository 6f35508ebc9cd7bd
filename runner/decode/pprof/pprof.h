// pprof's profile.proto (github.com/google/pprof/blob/main/proto/profile.proto), as Go serves it, and the
// text forms that Go serves with ?debug=1 (legacy.h).
#pragma once

#include "runner/decode/decoder.h"

namespace edp::decode::pprof {

// An uncompressed profile.proto. What is accepted, refused, and dropped is what `go tool pprof` accepts,
// refuses and drops (profile/encode.go postDecode, profile/profile.go CheckValid); errors carry the offset of
// the record.
Result<Decoded> decode_proto(std::string bytes, const Limits& limits);

// Whether the prefix can be the beginning of a profile.proto.
bool sniff_proto(std::string_view prefix);

}  // namespace edp::decode::pprof

namespace edp::decode {
Decoder pprof_decoder();
}  // namespace edp::decode
