#include "runner/decode/pprof/counts.h"

#include <string>

#include "runner/decode/pprof/fields.h"
#include "runner/model/profile.h"

namespace edp::decode::pprof {
namespace {

void count_sample(ByteRange message, Counts& counts) {
  FieldReader field(message);
  while (field.next()) {
    const bool packed = field.wire() == Wire::kBytes;
    switch (field.number()) {
      case sample_field::kLocation:
        counts.sample_locations += packed ? count_varints(field.bytes()) : 1;
        break;
      case sample_field::kValue:
        counts.values += packed ? count_varints(field.bytes()) : 1;
        break;
      case sample_field::kLabel:
        ++counts.labels;
        break;
      default:
        break;
    }
  }  // what is malformed comes to light when it is decoded
}

void count_location(ByteRange message, Counts& counts) {
  FieldReader field(message);
  while (field.next()) counts.lines += field.number() == location_field::kLine;
}

}  // namespace

uint64_t Counts::memory() const {
  using namespace model;
  constexpr uint64_t kIdSlot = 64;  // two to four slots of 16 bytes for each id, if they have to be hashed
  return sample_types * sizeof(ValueType) + mappings * (sizeof(Mapping) + kIdSlot) +
         functions * (sizeof(Function) + kIdSlot) + locations * (sizeof(Location) + kIdSlot) +
         lines * sizeof(Line) + samples * 2 * sizeof(uint64_t) + sample_locations * sizeof(uint32_t) +
         values * sizeof(int64_t) + labels * sizeof(Label) + (strings + comments) * sizeof(std::string_view);
}

bool is_known_field(const FieldReader& field) {
  return field.number() >= profile_field::kFirst && field.number() <= profile_field::kLast;
}

bool has_right_wire_type(const FieldReader& field) {
  const uint64_t number = field.number();
  if (number == profile_field::kComment) return field.wire() == Wire::kVarint || field.wire() == Wire::kBytes;
  const bool is_message = number <= profile_field::kStringTable || number == profile_field::kPeriodType;
  return field.wire() == (is_message ? Wire::kBytes : Wire::kVarint);
}

Result<Counts> count(ByteRange profile) {
  Counts counts;
  FieldReader field(profile);
  while (field.next()) {
    if (!is_known_field(field)) continue;
    const uint64_t offset = static_cast<uint64_t>(field.start() - profile.begin);
    if (!has_right_wire_type(field)) {
      return fail("field " + std::to_string(field.number()) + " has the wrong wire type for a profile", "",
                  offset);
    }
    switch (field.number()) {
      case profile_field::kSampleType:
        ++counts.sample_types;
        break;
      case profile_field::kSample:
        ++counts.samples;
        count_sample(field.bytes(), counts);
        break;
      case profile_field::kMapping:
        ++counts.mappings;
        break;
      case profile_field::kLocation:
        ++counts.locations;
        count_location(field.bytes(), counts);
        break;
      case profile_field::kFunction:
        ++counts.functions;
        break;
      case profile_field::kStringTable:
        if (counts.strings == 0 && field.bytes().size() != 0) {
          return fail("the first entry of the string table is not empty", "", offset);
        }
        ++counts.strings;
        counts.string_bytes += field.bytes().size();
        break;
      case profile_field::kComment:
        counts.comments += field.wire() == Wire::kBytes ? count_varints(field.bytes()) : 1;
        break;
      default:
        break;
    }
  }
  if (field.error() != nullptr) {
    return fail(field.error(), "", static_cast<uint64_t>(field.start() - profile.begin));
  }
  return counts;
}

}  // namespace edp::decode::pprof
