#include "runner/decode/pprof/fields.h"
#include "runner/decode/pprof/reading.h"

namespace edp::decode::pprof {
namespace {

struct TypeIndices {
  uint64_t type = 0, unit = 0;
};

bool read_value_type(Reading& reading, ByteRange message, TypeIndices& type) {
  FieldReader field(message);
  while (field.next()) {
    if (field.number() == value_type_field::kType && !reading.number(field, type.type)) return false;
    if (field.number() == value_type_field::kUnit && !reading.number(field, type.unit)) return false;
  }
  return reading.done(field);
}

bool read_sample_type(Reading& reading, ByteRange message, const Byte* at) {
  TypeIndices indices;
  model::ValueType& type = reading.profile.sample_types.emplace_back();
  return read_value_type(reading, message, indices) && reading.text_at(indices.type, at, type.type) &&
         reading.text_at(indices.unit, at, type.unit);
}

bool read_period_type(Reading& reading, ByteRange message) {
  TypeIndices indices;
  if (!read_value_type(reading, message, indices)) return false;
  reading.texts.period_type = indices.type;
  reading.texts.period_unit = indices.unit;
  return true;
}

// Where a table's record is complete: gives it its index.
bool add_id(Reading& reading, IdIndex& ids, uint64_t id, const char* kind, const Byte* at) {
  if (id == 0) return reading.fail_at(at, std::string("a ") + kind + " has no id");
  if (ids.add(id)) return true;
  return reading.fail_at(at, std::string("two ") + kind + "s have the id " + std::to_string(id));
}

bool read_mapping(Reading& reading, ByteRange message, const Byte* at) {
  model::Mapping mapping;
  uint64_t file = 0, build_id = 0;
  FieldReader field(message);
  bool ok = true;
  while (ok && field.next()) {
    switch (field.number()) {
      case mapping_field::kId:
        ok = reading.number(field, mapping.id);
        break;
      case mapping_field::kStart:
        ok = reading.number(field, mapping.start);
        break;
      case mapping_field::kLimit:
        ok = reading.number(field, mapping.limit);
        break;
      case mapping_field::kOffset:
        ok = reading.number(field, mapping.offset);
        break;
      case mapping_field::kFile:
        ok = reading.number(field, file);
        break;
      case mapping_field::kBuildId:
        ok = reading.number(field, build_id);
        break;
      case mapping_field::kHasFunctions:
        ok = reading.flag(field, mapping.has_functions);
        break;
      case mapping_field::kHasFilenames:
        ok = reading.flag(field, mapping.has_filenames);
        break;
      case mapping_field::kHasLineNumbers:
        ok = reading.flag(field, mapping.has_line_numbers);
        break;
      case mapping_field::kHasInlineFrames:
        ok = reading.flag(field, mapping.has_inline_frames);
        break;
      default:
        break;
    }
  }
  if (!ok || !reading.done(field) || !reading.text_at(file, at, mapping.file) ||
      !reading.text_at(build_id, at, mapping.build_id) ||
      !add_id(reading, reading.mappings, mapping.id, "mapping", at))
    return false;
  reading.profile.mappings.push_back(mapping);
  return true;
}

bool read_function(Reading& reading, ByteRange message, const Byte* at) {
  model::Function function;
  uint64_t name = 0, system_name = 0, file = 0;
  FieldReader field(message);
  bool ok = true;
  while (ok && field.next()) {
    switch (field.number()) {
      case function_field::kId:
        ok = reading.number(field, function.id);
        break;
      case function_field::kName:
        ok = reading.number(field, name);
        break;
      case function_field::kSystemName:
        ok = reading.number(field, system_name);
        break;
      case function_field::kFile:
        ok = reading.number(field, file);
        break;
      case function_field::kStartLine:
        ok = reading.number(field, function.start_line);
        break;
      default:
        break;
    }
  }
  if (!ok || !reading.done(field) || !reading.text_at(name, at, function.name) ||
      !reading.text_at(system_name, at, function.system_name) || !reading.text_at(file, at, function.file) ||
      !add_id(reading, reading.functions, function.id, "function", at))
    return false;
  reading.profile.functions.push_back(function);
  return true;
}

bool read_line(Reading& reading, ByteRange message, const Byte* at) {
  model::Line line;
  uint64_t function = 0;
  FieldReader field(message);
  bool ok = true;
  while (ok && field.next()) {
    switch (field.number()) {
      case line_field::kFunction:
        ok = reading.number(field, function);
        break;
      case line_field::kLine:
        ok = reading.number(field, line.line);
        break;
      case line_field::kColumn:
        ok = reading.number(field, line.column);
        break;
      default:
        break;
    }
  }
  if (!ok || !reading.done(field)) return false;
  line.function = reading.functions.find(function);
  if (line.function == model::kNone) {
    return reading.fail_at(at,
                           "a line refers to function " + std::to_string(function) + ", which is not there");
  }
  reading.profile.lines.push_back(line);
  return true;
}

bool read_location(Reading& reading, ByteRange message, const Byte* at) {
  model::Location location;
  location.first_line = static_cast<uint32_t>(reading.profile.lines.size());
  FieldReader field(message);
  bool ok = true;
  while (ok && field.next()) {
    uint64_t mapping = 0;
    switch (field.number()) {
      case location_field::kId:
        ok = reading.number(field, location.id);
        break;
      case location_field::kMapping:  // an unknown one is none, as in pprof
        ok = reading.number(field, mapping);
        location.mapping = reading.mappings.find(mapping);
        break;
      case location_field::kAddress:
        ok = reading.number(field, location.address);
        break;
      case location_field::kLine:
        ok = field.wire() == Wire::kBytes ? read_line(reading, field.bytes(), field.start())
                                          : reading.fail_at(field.start(), "a location's line is no message");
        break;
      case location_field::kIsFolded:
        ok = reading.flag(field, location.is_folded);
        break;
      default:
        break;
    }
  }
  if (!ok || !reading.done(field) || !add_id(reading, reading.locations, location.id, "location", at))
    return false;
  location.line_count = static_cast<uint32_t>(reading.profile.lines.size()) - location.first_line;
  reading.profile.locations.push_back(location);
  return true;
}

bool read_comments(Reading& reading, const FieldReader& field) {
  if (field.wire() == Wire::kVarint) {
    return reading.text_at(field.value(), field.start(), reading.profile.comments.emplace_back());
  }
  const ByteRange packed = field.bytes();
  for (const Byte* p = packed.begin; p < packed.end;) {
    uint64_t index = 0;
    if (!read_varint(p, packed.end, index)) return reading.fail_at(field.start(), "a packed number is cut");
    if (!reading.text_at(index, field.start(), reading.profile.comments.emplace_back())) return false;
  }
  return true;
}

bool read_top_level(Reading& reading, const FieldReader& field) {
  model::Profile& profile = reading.profile;
  switch (field.number()) {
    case profile_field::kSampleType:
      return read_sample_type(reading, field.bytes(), field.start());
    case profile_field::kMapping:
      return read_mapping(reading, field.bytes(), field.start());
    case profile_field::kFunction:
      return read_function(reading, field.bytes(), field.start());
    case profile_field::kDropFrames:
      return reading.number(field, reading.texts.drop_frames);
    case profile_field::kKeepFrames:
      return reading.number(field, reading.texts.keep_frames);
    case profile_field::kTimeNanos:
      if (profile.time_nanos != 0) {
        return reading.fail_at(field.start(), "a second profile begins here: profiles were concatenated");
      }
      return reading.number(field, profile.time_nanos);
    case profile_field::kDurationNanos:
      return reading.number(field, profile.duration_nanos);
    case profile_field::kPeriodType:
      return read_period_type(reading, field.bytes());
    case profile_field::kPeriod:
      return reading.number(field, profile.period);
    case profile_field::kComment:
      return read_comments(reading, field);
    case profile_field::kDefaultSampleType:
      return reading.number(field, reading.texts.default_sample_type);
    case profile_field::kDocUrl:
      return reading.number(field, reading.texts.doc_url);
    default:
      return true;
  }
}

bool resolve_texts(Reading& reading) {
  model::Profile& profile = reading.profile;
  const TextIndices& texts = reading.texts;
  const Byte* const end = reading.bytes.end;
  return reading.text_at(texts.drop_frames, end, profile.drop_frames) &&
         reading.text_at(texts.keep_frames, end, profile.keep_frames) &&
         reading.text_at(texts.default_sample_type, end, profile.default_sample_type) &&
         reading.text_at(texts.doc_url, end, profile.doc_url) &&
         reading.text_at(texts.period_type, end, profile.period_type.type) &&
         reading.text_at(texts.period_unit, end, profile.period_type.unit);
}

}  // namespace

bool read_mappings_and_functions(Reading& reading) {
  reading.profile.sample_types.reserve(reading.counts.sample_types);
  reading.profile.mappings.reserve(reading.counts.mappings);
  reading.profile.functions.reserve(reading.counts.functions);
  reading.profile.comments.reserve(reading.counts.comments);
  FieldReader field(reading.bytes);
  while (field.next()) {
    if (!read_top_level(reading, field)) return false;
  }
  return reading.done(field) && resolve_texts(reading);
}

bool read_locations(Reading& reading) {
  reading.profile.locations.reserve(reading.counts.locations);
  reading.profile.lines.reserve(reading.counts.lines);
  FieldReader field(reading.bytes);
  while (field.next()) {
    if (field.number() != profile_field::kLocation) continue;
    if (!read_location(reading, field.bytes(), field.start())) return false;
  }
  return reading.done(field);
}

}  // namespace edp::decode::pprof
