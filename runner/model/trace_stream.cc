#include "runner/model/trace_stream.h"

#include <algorithm>

namespace edp::model::trace_stream {

Place Arena::add(const Byte* payload, size_t size, bool has_next) {
  const size_t worst = kMaxVarint + sizeof(Place) + size;
  if (kSlab - used_ < worst) {
    if (slabs_.size() == kMaxSlabs) return kNowhere;
    slabs_.push_back(std::make_unique<Byte[]>(kSlab));
    used_ = 0;
  }
  const auto place = static_cast<Place>((slabs_.size() - 1) * kSlab + used_);
  Byte* begin = slabs_.back().get();
  Byte* p = put_varint(begin + used_, size << 1 | (has_next ? 1 : 0));
  if (has_next) {
    std::memcpy(p, &kNowhere, sizeof(Place));
    p += sizeof(Place);
  }
  std::memcpy(p, payload, size);
  used_ = static_cast<size_t>(p + size - begin);
  return place;
}

void Arena::set_next(Place segment, Place next) {
  const Byte* p = slabs_[segment / kSlab].get() + segment % kSlab;
  get_varint(p);
  std::memcpy(const_cast<Byte*>(p), &next, sizeof(Place));
}

Arena::Segment Arena::segment(Place place) const {
  const Byte* p = slabs_[place / kSlab].get() + place % kSlab;
  const uint64_t head = get_varint(p);
  Segment segment;
  if ((head & 1) != 0) {
    std::memcpy(&segment.next, p, sizeof(Place));
    p += sizeof(Place);
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
  size_ = 0;
  if (place == kNowhere) return;
  if (last_ == kNowhere) {
    first_ = place;
  } else {
    arena.set_next(last_, place);
  }
  last_ = place;
}

void Writer::close(Arena& arena) {
  if (size_ != 0) flush(arena, false);
  buffer_.reset();
  capacity_ = 0;
}

}  // namespace edp::model::trace_stream
