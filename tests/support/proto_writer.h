// Writes protobuf's wire format, for tests that need a profile with one thing wrong.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace edp::testing {

class ProtoWriter {
 public:
  static std::string varint(uint64_t value) {
    std::string out;
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
    return out + static_cast<char>(value);
  }
  ProtoWriter& number(uint64_t field, uint64_t value) {
    out_ += varint(field << 3) + varint(value);
    return *this;
  }
  ProtoWriter& bytes(uint64_t field, std::string_view value) {
    out_ += varint(field << 3 | 2) + varint(value.size());
    out_ += value;
    return *this;
  }
  ProtoWriter& message(uint64_t field, const ProtoWriter& value) { return bytes(field, value.out_); }
  ProtoWriter& packed(uint64_t field, std::initializer_list<uint64_t> values) {
    std::string all;
    for (const uint64_t value : values) all += varint(value);
    return bytes(field, all);
  }
  ProtoWriter& raw(std::string_view bytes) {
    out_ += bytes;
    return *this;
  }
  [[nodiscard]] const std::string& str() const { return out_; }

 private:
  std::string out_;
};

}  // namespace edp::testing
