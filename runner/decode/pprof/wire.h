// Reads protobuf's wire format (https://protobuf.dev/programming-guides/encoding/) in place.
//
// By hand, as it decides just as `go tool pprof` does about what it accepts (google/pprof profile/proto.go):
// field 0 is skipped, the bits that a tenth varint byte has too many are dropped, groups are an error. And it
// is the hot loop of the whole product.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace edp::decode::pprof {

using Byte = unsigned char;

struct ByteRange {
  const Byte* begin = nullptr;
  const Byte* end = nullptr;

  [[nodiscard]] size_t size() const { return static_cast<size_t>(end - begin); }
  [[nodiscard]] std::string_view view() const { return {reinterpret_cast<const char*>(begin), size()}; }
};

// As read_varint, for any length and near the end.
inline bool read_long_varint(const Byte*& p, const Byte* end, uint64_t& value) {
  uint64_t result = 0;
  const Byte* q = p;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (q == end) return false;
    const Byte byte = *q++;
    result |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      p = q;
      value = result;
      return true;
    }
  }
  return false;
}

// Moves `p` behind a varint; false (and `p` as it was) where it is cut or longer than ten bytes. Ids and
// lengths mostly have one to three bytes.
inline bool read_varint(const Byte*& p, const Byte* end, uint64_t& value) {
  if (end - p < 3) return read_long_varint(p, end, value);
  if (p[0] < 0x80) {
    value = p[0];
    p += 1;
    return true;
  }
  if (p[1] < 0x80) {
    value = (p[0] & 0x7fU) | static_cast<uint64_t>(p[1]) << 7;
    p += 2;
    return true;
  }
  if (p[2] < 0x80) {
    value = (p[0] & 0x7fU) | (p[1] & 0x7fULL) << 7 | static_cast<uint64_t>(p[2]) << 14;
    p += 3;
    return true;
  }
  return read_long_varint(p, end, value);
}

// How many varints end in `range`.
inline uint64_t count_varints(ByteRange range) {
  constexpr uint64_t kHigh = 0x8080808080808080, kOnes = 0x0101010101010101;
  uint64_t count = 0;
  const Byte* p = range.begin;
  for (; range.end - p >= 8; p += 8) {
    uint64_t word = 0;
    std::memcpy(&word, p, sizeof word);
    count += (((~word & kHigh) >> 7) * kOnes) >> 56;
  }
  for (; p < range.end; ++p) count += *p < 0x80;
  return count;
}

enum class Wire : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// The fields of one message, one after the other.
class FieldReader {
 public:
  explicit FieldReader(ByteRange message) : p_(message.begin), end_(message.end) {}

  // False at the end of the message, and where it is malformed: then error() is set.
  bool next() {
    if (p_ == end_) return false;
    start_ = p_;
    uint64_t tag = 0;
    if (!read_varint(p_, end_, tag)) return broken("a field's tag is cut or longer than ten bytes");
    number_ = tag >> 3;
    wire_ = static_cast<Wire>(tag & 7);
    switch (wire_) {
      case Wire::kVarint:
        if (!read_varint(p_, end_, value_)) return broken("a number is cut or longer than ten bytes");
        return true;
      case Wire::kBytes: {
        uint64_t size = 0;
        if (!read_varint(p_, end_, size)) return broken("a length is cut or longer than ten bytes");
        if (size > static_cast<uint64_t>(end_ - p_)) return broken("a field is longer than what holds it");
        bytes_ = {p_, p_ + size};
        p_ += size;
        return true;
      }
      case Wire::kFixed64:
        return skip(8);
      case Wire::kFixed32:
        return skip(4);
    }
    return broken("a field has an unknown wire type");
  }

  [[nodiscard]] uint64_t number() const { return number_; }
  [[nodiscard]] Wire wire() const { return wire_; }
  [[nodiscard]] uint64_t value() const { return value_; }   // where wire() is kVarint
  [[nodiscard]] ByteRange bytes() const { return bytes_; }  // where wire() is kBytes
  [[nodiscard]] const Byte* start() const { return start_; }
  [[nodiscard]] const char* error() const { return error_; }

 private:
  bool skip(ptrdiff_t size) {
    if (end_ - p_ < size) return broken("a fixed-size number is cut");
    p_ += size;
    return true;
  }
  bool broken(const char* error) {
    error_ = error;
    return false;
  }

  const Byte* p_;
  const Byte* end_;
  const Byte* start_ = nullptr;
  uint64_t number_ = 0, value_ = 0;
  ByteRange bytes_;
  Wire wire_ = Wire::kVarint;
  const char* error_ = nullptr;
};

}  // namespace edp::decode::pprof
