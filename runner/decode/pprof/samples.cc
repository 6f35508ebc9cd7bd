#include <array>

#include "runner/decode/pprof/fields.h"
#include "runner/decode/pprof/reading.h"
#include "runner/decode/pprof/spent_pages.h"

namespace edp::decode::pprof {
namespace {

bool unknown_location(Reading& reading, const Byte* at, uint64_t id) {
  return reading.fail_at(at, "a sample refers to location " + std::to_string(id) + ", which is not there");
}

// The hot loop: most of a profile's bytes are these ids.
template <typename Find>
bool read_packed_ids(Reading& reading, const FieldReader& field, Find find) {
  std::vector<uint32_t>& out = reading.profile.sample_locations;
  std::array<uint32_t, 64> block;  // NOLINT(*-member-init): filled before it is read
  size_t filled = 0;
  const Byte* p = field.bytes().begin;
  const Byte* const end = field.bytes().end;
  while (p < end) {
    uint64_t id = 0;
    if (!read_varint(p, end, id)) {
      return reading.fail_at(p, "a packed location id is cut or longer than ten bytes");
    }
    const uint32_t index = find(id);
    if (index == model::kNone) return unknown_location(reading, field.start(), id);
    block[filled++] = index;
    if (filled == block.size()) {
      out.insert(out.end(), block.begin(), block.end());
      filled = 0;
    }
  }
  out.insert(out.end(), block.data(), block.data() + filled);
  return true;
}

bool read_location_ids(Reading& reading, const FieldReader& field) {
  auto& out = reading.profile.sample_locations;
  if (field.wire() == Wire::kVarint) {
    const uint32_t index = reading.locations.find(field.value());
    if (index == model::kNone) return unknown_location(reading, field.start(), field.value());
    out.push_back(index);
    return true;
  }
  if (field.wire() != Wire::kBytes)
    return reading.fail_at(field.start(), "a sample's locations are no numbers");

  if (!reading.locations.is_sequence()) {
    return read_packed_ids(reading, field, [&ids = reading.locations](uint64_t id) { return ids.find(id); });
  }
  return read_packed_ids(reading, field, [count = reading.locations.size()](uint64_t id) {
    return id - 1 < count ? static_cast<uint32_t>(id - 1) : model::kNone;
  });
}

bool read_values(Reading& reading, const FieldReader& field) {
  auto& out = reading.profile.values;
  if (field.wire() == Wire::kVarint) {
    out.push_back(static_cast<int64_t>(field.value()));
    return true;
  }
  if (field.wire() != Wire::kBytes) return reading.fail_at(field.start(), "a sample's values are no numbers");
  const Byte* p = field.bytes().begin;
  const Byte* const end = field.bytes().end;
  while (p < end) {
    uint64_t value = 0;
    if (!read_varint(p, end, value))
      return reading.fail_at(p, "a packed value is cut or longer than ten bytes");
    out.push_back(static_cast<int64_t>(value));
  }
  return true;
}

bool read_label(Reading& reading, const FieldReader& outer) {
  if (outer.wire() != Wire::kBytes) return reading.fail_at(outer.start(), "a sample's label is no message");
  uint64_t key = 0, text = 0, unit = 0;
  model::Label label;
  FieldReader field(outer.bytes());
  bool ok = true;
  while (ok && field.next()) {
    switch (field.number()) {
      case label_field::kKey:
        ok = reading.number(field, key);
        break;
      case label_field::kText:
        ok = reading.number(field, text);
        break;
      case label_field::kNumber:
        ok = reading.number(field, label.number);
        break;
      case label_field::kUnit:
        ok = reading.number(field, unit);
        break;
      default:
        break;
    }
  }
  if (!ok || !reading.done(field) || !reading.text_at(key, outer.start(), label.key)) return false;
  if (text != 0) {
    label.number = 0;
    if (!reading.text_at(text, outer.start(), label.text)) return false;
  } else if (label.number != 0 || unit != 0) {
    label.is_number = true;
    if (!reading.text_at(unit, outer.start(), label.unit)) return false;
  } else {
    return true;  // neither text nor number nor unit: dropped, as in pprof
  }
  reading.profile.labels.push_back(label);
  return true;
}

bool read_sample(Reading& reading, ByteRange message, const Byte* at) {
  model::Profile& profile = reading.profile;
  const size_t values_before = profile.values.size();
  FieldReader field(message);
  bool ok = true;
  while (ok && field.next()) {
    switch (field.number()) {
      case sample_field::kLocation:
        ok = read_location_ids(reading, field);
        break;
      case sample_field::kValue:
        ok = read_values(reading, field);
        break;
      case sample_field::kLabel:
        ok = read_label(reading, field);
        break;
      default:
        break;
    }
  }
  if (!ok || !reading.done(field)) return false;
  const size_t values = profile.values.size() - values_before;
  if (values != profile.sample_types.size()) {
    return reading.fail_at(at, "a sample has " + std::to_string(values) + " values, but there are " +
                                   std::to_string(profile.sample_types.size()) + " sample types");
  }
  profile.location_ends.push_back(profile.sample_locations.size());
  if (reading.counts.labels != 0) profile.label_ends.push_back(profile.labels.size());
  return true;
}

}  // namespace

bool read_samples(Reading& reading, bool bytes_are_spent) {
  model::Profile& profile = reading.profile;
  profile.sample_locations.reserve(reading.counts.sample_locations);
  profile.location_ends.reserve(reading.counts.samples);
  profile.values.reserve(reading.counts.values);
  profile.labels.reserve(reading.counts.labels);
  if (reading.counts.labels != 0) profile.label_ends.reserve(reading.counts.samples);

  SpentPages spent(reading.bytes);
  FieldReader field(reading.bytes);
  while (field.next()) {
    if (field.number() != profile_field::kSample) continue;
    if (bytes_are_spent) spent.release(field.start());
    if (profile.sample_types.empty())
      return reading.fail_at(field.start(), "there are samples, but no sample type");
    if (!read_sample(reading, field.bytes(), field.start())) return false;
  }
  if (profile.labels.empty()) profile.label_ends = {};
  return reading.done(field);
}

}  // namespace edp::decode::pprof
