// How a Timeline keeps what happens often: a few bytes an event, in streams that are read forward. Nothing
// here is for readers of a Timeline; they use its iterators.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace edp::model::trace_stream {

using Byte = uint8_t;

// Where a segment begins; kNowhere where there is none. Of 32 bits, as there is one for each goroutine.
using Place = uint32_t;
inline constexpr Place kNowhere = UINT32_MAX;

inline uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
inline int64_t unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

inline constexpr size_t kMaxVarint = 10;

inline Byte* put_varint(Byte* p, uint64_t value) {
  while (value >= 0x80) {
    *p++ = static_cast<Byte>(value | 0x80);
    value >>= 7;
  }
  *p++ = static_cast<Byte>(value);
  return p;
}

// Only over what put_varint wrote.
inline uint64_t get_varint(const Byte*& p) {
  uint64_t value = *p & 0x7fU;
  for (unsigned shift = 7; *p++ >= 0x80; shift += 7) value |= static_cast<uint64_t>(*p & 0x7fU) << shift;
  return value;
}

// Segments of many streams, each written once, one behind the other. A segment is its payload's length, with
// a bit that says whether the place of the stream's next segment follows, and the payload.
class Arena {
 public:
  // `has_next` leaves room for set_next(). kNowhere: the arena is full, at 4 GiB; the segment is lost.
  Place add(const Byte* payload, size_t size, bool has_next);
  void set_next(Place segment, Place next);
  [[nodiscard]] uint64_t memory() const { return slabs_.size() * kSlab; }

  struct Segment {
    const Byte* begin = nullptr;
    const Byte* end = nullptr;
    Place next = kNowhere;
  };
  [[nodiscard]] Segment segment(Place place) const;

 private:
  static constexpr size_t kSlab = 256 << 10;
  static constexpr size_t kMaxSlabs = (size_t{1} << 32) / kSlab;
  std::vector<std::shared_ptr<Byte[]>> slabs_;  // written once, so copies of a timeline share them
  size_t used_ = kSlab;
};

// What is being written to one stream: bytes gather here until they are worth a segment.
class Writer {
 public:
  // Room for `size` bytes; commit() says how many were used.
  Byte* reserve(size_t size, Arena& arena);
  void commit(const Byte* end) { size_ = static_cast<uint32_t>(end - buffer_.get()); }
  // Puts the rest into the arena; the writer is empty then.
  void close(Arena& arena);
  [[nodiscard]] Place first() const { return first_; }

 private:
  static constexpr uint32_t kFirst = 32, kSegment = 512;
  void flush(Arena& arena, bool has_next);

  std::unique_ptr<Byte[]> buffer_;
  uint32_t size_ = 0, capacity_ = 0;
  Place first_ = kNowhere, last_ = kNowhere;
};

// Reads a stream from its first segment on.
class Reader {
 public:
  Reader() = default;
  Reader(const Arena& arena, Place first) : arena_(&arena), segment_{nullptr, nullptr, first} { more(); }

  // Whether another record is there; records never straddle segments.
  bool more() {
    while (segment_.begin == segment_.end) {
      if (segment_.next == kNowhere) return false;
      segment_ = arena_->segment(segment_.next);
    }
    return true;
  }
  uint64_t varint() { return get_varint(segment_.begin); }

 private:
  const Arena* arena_ = nullptr;
  Arena::Segment segment_;
};

}  // namespace edp::model::trace_stream
