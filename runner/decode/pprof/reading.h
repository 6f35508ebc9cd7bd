// What the passes over one profile.proto share. They return false once `error` is set.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "runner/decode/pprof/counts.h"
#include "runner/decode/pprof/id_index.h"
#include "runner/decode/pprof/wire.h"
#include "runner/model/profile.h"

namespace edp::decode::pprof {

// Strings that a profile names once. As everywhere, the last one given counts, and only that must be there.
struct TextIndices {
  uint64_t drop_frames = 0, keep_frames = 0, default_sample_type = 0, doc_url = 0;
  uint64_t period_type = 0, period_unit = 0;
};

struct Reading {
  Reading(ByteRange all, const Counts& found)
      : bytes(all),
        counts(found),
        mappings(found.mappings),
        functions(found.functions),
        locations(found.locations) {}

  ByteRange bytes;
  Counts counts;
  model::Profile profile;
  std::vector<std::string_view> strings;
  IdIndex mappings, functions, locations;
  TextIndices texts;
  Error error;

  bool fail_at(const Byte* at, std::string what) {
    error = {std::move(what), "", static_cast<uint64_t>(at - bytes.begin)};
    return false;
  }
  // After a FieldReader's last next().
  bool done(const FieldReader& field) {
    return field.error() == nullptr || fail_at(field.start(), field.error());
  }
  bool number(const FieldReader& field, uint64_t& out) {
    if (field.wire() != Wire::kVarint) return fail_at(field.start(), "a field that must be a number is none");
    out = field.value();
    return true;
  }
  bool number(const FieldReader& field, int64_t& out) {
    uint64_t value = 0;
    if (!number(field, value)) return false;
    out = static_cast<int64_t>(value);
    return true;
  }
  bool flag(const FieldReader& field, bool& out) {
    uint64_t value = 0;
    if (!number(field, value)) return false;
    out = value != 0;
    return true;
  }
  bool text_at(uint64_t index, const Byte* at, std::string_view& out) {
    if (index >= strings.size()) {
      return fail_at(at, "refers to string " + std::to_string(index) + " of a table of " +
                             std::to_string(strings.size()));
    }
    out = strings[index];
    return true;
  }
};

// Everything but the samples; needs `strings`. In this order: a later table refers to the earlier ones.
bool read_mappings_and_functions(Reading& reading);
bool read_locations(Reading& reading);
// Needs the tables. With `bytes_are_spent`, nothing reads the bytes again and no view points into them: their
// memory is given back on the way.
bool read_samples(Reading& reading, bool bytes_are_spent);

}  // namespace edp::decode::pprof
