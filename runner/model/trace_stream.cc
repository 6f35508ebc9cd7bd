#include "runner/model/trace_stream.h"

#include <algorithm>

namespace edp::model::trace_stream {
namespace {

constexpr Place kUnset = (Place{1} << 40) - 1;

}  // namespace

Place Arena::add(const Byte* payload, size_t size, bool has_next) {
  const size_t worst = kMaxVarint + kPlaceBytes + size;
  if (kSlab - used_ < worst) {
    slabs_.push_back(std::make_unique<Byte[]>(kSlab));
    used_ = 0;
  }
  const Place place = (slabs_.size() - 1) * kSlab + used_;
  Byte* begin = slabs_.back().get();
  Byte* p = put_varint(begin + used_, size << 1 | (has_next ? 1 : 0));
  if (has_next) {
    std::memset(p, 0xff, kPlaceBytes);
    p += kPlaceBytes;
  }
  std::memcpy(p, payload, size);
  used_ = static_cast<size_t>(p + size - begin);
  return place;
}

void Arena::set_next(Place segment, Place next) {
  const Byte* p = slabs_[segment / kSlab].get() + segment % kSlab;
  get_varint(p);
  auto* at = const_cast<Byte*>(p);
  for (size_t i = 0; i < kPlaceBytes; ++i) at[i] = static_cast<Byte>(next >> (8 * i));
}

Arena::Segment Arena::segment(Place place) const {
  const Byte* p = slabs_[place / kSlab].get() + place % kSlab;
  const uint64_t head = get_varint(p);
  Segment segment;
  if ((head & 1) != 0) {
    Place next = 0;
    for (size_t i = 0; i < kPlaceBytes; ++i) next |= Place{p[i]} << (8 * i);
    if (next != kUnset) segment.next = next;
    p += kPlaceBytes;
  }
  segment.begin = p;
  segment.end = p + (head >> 1);
  return segment;
}

Byte* Writer::reserve(size_t size, Arena& arena) {
  if (size_ + size > kSegment) flush(arena, true);
  if (size_ + size > capacity_) {
    uint32_t capacity = std::max<uint32_t>(capacity_, kFirst);
    while (capacity < size_ + size) capacity *= 2;
    capacity = std::min(capacity, kSegment);
    auto larger = std::make_unique<Byte[]>(capacity);
    if (size_ != 0) std::memcpy(larger.get(), buffer_.get(), size_);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  }
  return buffer_.get() + size_;
}

void Writer::flush(Arena& arena, bool has_next) {
  const Place place = arena.add(buffer_.get(), size_, has_next);
  if (last_ == kNowhere) {
    first_ = place;
  } else {
    arena.set_next(last_, place);
  }
  last_ = place;
  size_ = 0;
}

void Writer::close(Arena& arena) {
  if (size_ != 0) flush(arena, false);
  buffer_.reset();
  capacity_ = 0;
}

}  // namespace edp::model::trace_stream
