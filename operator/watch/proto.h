// The protobuf counterpart of sax.h: reads an object in protobuf with the reader that was made for its JSON.
// A Shape names the fields of a message as JSON does; what it does not name, or the reader does not want, is
// passed over. As in JSON, what has the zero value of its type is not told of.
#pragma once

#include <cstdint>
#include <exception>
#include <protozero/pbf_reader.hpp>
#include <span>
#include <string>
#include <string_view>

#include "common/result.h"
#include "operator/kube/protobuf.h"
#include "operator/watch/records.h"
#include "operator/watch/sax.h"

namespace edp::watch {

struct Shape;

struct Field {
  enum class Kind : uint8_t {
    kText,
    kNumber,
    kFlag,
    kTime,     // metav1.Time; told as text
    kPort,     // IntOrString
    kMap,      // of texts
    kMessage,  // `shape`; one or many
    kInline,   // `shape`; JSON has its fields in the message around it
  };
  uint32_t number = 0;
  std::string_view key;
  Kind kind = Kind::kText;
  const Shape* shape = nullptr;
};

struct Shape {
  std::span<const Field> fields;

  [[nodiscard]] const Field* find(uint32_t number) const {
    for (const Field& field : fields)
      if (field.number == number) return &field;
    return nullptr;
  }
};

extern const Shape kPodShape;
extern const Shape kObjectShape;  // of any object: its metadata

// Throws protozero's exceptions.
template <typename R>
class PathProto {
 public:
  explicit PathProto(R& reader) : reader_(reader) {}

  void walk(protozero::data_view bytes, const Shape& shape, uint8_t node) {
    protozero::pbf_reader message(bytes);
    while (message.next()) {
      const Field* const field = shape.find(message.tag());
      const bool varint =
          field != nullptr && (field->kind == Field::Kind::kNumber || field->kind == Field::Kind::kFlag);
      const auto wanted =
          varint ? protozero::pbf_wire_type::varint : protozero::pbf_wire_type::length_delimited;
      if (field == nullptr || message.wire_type() != wanted) {
        message.skip();
      } else if (field->kind == Field::Kind::kInline) {
        walk(message.get_view(), *field->shape, node);
      } else if (const uint8_t child = reader_.child(node, field->key); child == kSkip) {
        message.skip();
      } else {
        tell(message, *field, child);
      }
    }
  }

 private:
  void tell(protozero::pbf_reader& message, const Field& field, uint8_t node) {
    switch (field.kind) {
      case Field::Kind::kText:
        text(node, message.get_view());
        break;
      case Field::Kind::kNumber:
        number(node, message.get_int64());
        break;
      case Field::Kind::kFlag:
        if (message.get_bool()) reader_.boolean(node, true);
        break;
      case Field::Kind::kTime:
        time(node, message.get_message());
        break;
      case Field::Kind::kPort:
        port(node, message.get_message());
        break;
      case Field::Kind::kMap:
        entry(node, message.get_message());
        break;
      case Field::Kind::kMessage:
      case Field::Kind::kInline:
        reader_.enter(node);
        walk(message.get_view(), *field.shape, node);
        reader_.leave(node);
        break;
    }
  }

  void text(uint8_t node, protozero::data_view value) {
    if (value.empty()) return;
    std::string text(value.data(), value.size());
    reader_.text(node, text);
  }
  void number(uint8_t node, int64_t value) {
    if (value != 0) reader_.number(node, value);
  }

  void time(uint8_t node, protozero::pbf_reader message) {
    constexpr protozero::pbf_tag_type kSeconds = 1;
    int64_t seconds = 0;
    while (message.next(kSeconds, protozero::pbf_wire_type::varint)) seconds = message.get_int64();
    if (seconds == 0) return;
    std::string text = format_time(seconds);
    reader_.text(node, text);
  }

  void port(uint8_t node, protozero::pbf_reader message) {
    constexpr auto kType = protozero::tag_and_type(1, protozero::pbf_wire_type::varint);
    constexpr auto kInt = protozero::tag_and_type(2, protozero::pbf_wire_type::varint);
    constexpr auto kString = protozero::tag_and_type(3, protozero::pbf_wire_type::length_delimited);
    int64_t type = 0, value = 0;
    protozero::data_view name;
    while (message.next()) {
      switch (message.tag_and_type()) {
        case kType:
          type = message.get_int64();
          break;
        case kInt:
          value = message.get_int32();
          break;
        case kString:
          name = message.get_view();
          break;
        default:
          message.skip();
      }
    }
    type == 0 ? number(node, value) : text(node, name);
  }

  void entry(uint8_t node, protozero::pbf_reader message) {
    constexpr auto kKey = protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited);
    constexpr auto kValue = protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited);
    protozero::data_view key, value;
    while (message.next()) {
      switch (message.tag_and_type()) {
        case kKey:
          key = message.get_view();
          break;
        case kValue:
          value = message.get_view();
          break;
        default:
          message.skip();
      }
    }
    const uint8_t leaf = reader_.child(node, std::string_view(key.data(), key.size()));
    if (leaf == kSkip) return;
    std::string text(value.data(), value.size());
    reader_.text(leaf, text);
  }

  R& reader_;
};

// An object as the apiserver sends it: in protobuf where it begins with the envelope's magic, else in JSON.
template <typename R>
Result<void> read_object(std::string_view bytes, R& reader, const Shape& shape) {
  if (!bytes.starts_with(kube::kProtobufMagic)) return read_paths(bytes, reader);
  const auto object = kube::protobuf_object(bytes);
  if (!object) return fail("not valid protobuf: its envelope");
  try {
    reader.enter(kRoot);
    PathProto<R>(reader).walk({object->data(), object->size()}, shape, kRoot);
    reader.leave(kRoot);
    return {};
  } catch (const std::exception& error) {
    return fail(std::string("not valid protobuf: ") + error.what());
  }
}

}  // namespace edp::watch
