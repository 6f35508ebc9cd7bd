// The first pass over a profile.proto: how much of everything it holds, so that nothing is allocated twice,
// or on a length's word alone.
#pragma once

#include <cstdint>

#include "common/result.h"
#include "runner/decode/pprof/wire.h"

namespace edp::decode::pprof {

struct Counts {
  uint64_t sample_types = 0, samples = 0, mappings = 0, locations = 0, functions = 0, strings = 0,
           comments = 0;
  uint64_t lines = 0;             // in all locations
  uint64_t sample_locations = 0;  // frames of all samples
  uint64_t values = 0;            // of all samples
  uint64_t labels = 0;            // of all samples
  uint64_t string_bytes = 0;

  // What the model and the tables beside it will take.
  [[nodiscard]] uint64_t memory() const;
};

// Of a field of the whole profile: whether profile.proto knows it, and gives it this wire type.
bool is_known_field(const FieldReader& field);
bool has_right_wire_type(const FieldReader& field);

// The top-level wire types are checked here; later passes rely on it.
Result<Counts> count(ByteRange profile);

}  // namespace edp::decode::pprof
