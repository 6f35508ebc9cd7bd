#include "runner/decode/go_trace/cursor.h"

#include <algorithm>

namespace edp::decode::go_trace {
namespace {

std::array<int8_t, 256> argument_counts() {
  std::array<int8_t, 256> counts{};
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = spec_of(static_cast<uint8_t>(i)).args;
  return counts;
}

int64_t sum(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

}  // namespace

Cursor::Next Cursor::next() {
  static_assert(BatchStore::kSlack >= 1 + 10 * (kMaxArgs + 1));
  static const std::array<int8_t, 256> counts = argument_counts();
  while (p_ == end_) {
    if (index_ == batches_->size()) return Next::kEnd;
    const Batch& batch = (*batches_)[index_++];
    p_ = batch.begin;
    end_ = p_ + batch.size;
    offset_ = batch.offset;
    last_time_ = clock_->ns(batch.time);
  }
  const Byte* p = p_;
  const int count = counts[*p];
  if (count < 0) return bad("an event has a type that there is not");
  event_.type = static_cast<EventType>(*p++);
  uint64_t ticks = 0;
  bool ok = read_varint_unchecked(p, ticks);
  for (int i = 0; i < count; ++i) ok &= read_varint_unchecked(p, event_.args[static_cast<size_t>(i)]);
  if (!ok) return bad("an event has a number longer than 64 bits");
  if (p > end_) return bad("an event is cut by the end of its batch");
  event_.time = last_time_ = sum(clock_->ns(ticks), last_time_);
  p_ = p;
  return Next::kEvent;
}

void Frontier::add(Cursor* cursor) {
  heap_.push_back({cursor->event().time, cursor});
  sift_up(heap_.size() - 1);
}

void Frontier::update(size_t i) {
  heap_[i].time = heap_[i].cursor->event().time;
  if (sift_up(i) == i) sift_down(i);
}

void Frontier::remove(size_t i) {
  for (; i > 0; i = (i - 1) / 2) std::swap(heap_[(i - 1) / 2], heap_[i]);
  std::swap(heap_.front(), heap_.back());
  heap_.pop_back();
  sift_down(0);
}

void Frontier::sort() { std::ranges::stable_sort(heap_, {}, &Entry::time); }

size_t Frontier::sift_up(size_t i) {
  for (; i > 0 && heap_[(i - 1) / 2].time > heap_[i].time; i = (i - 1) / 2) {
    std::swap(heap_[(i - 1) / 2], heap_[i]);
  }
  return i;
}

void Frontier::sift_down(size_t i) {
  for (;;) {
    size_t least = i;
    for (const size_t child : {2 * i + 1, 2 * i + 2}) {
      if (child < heap_.size() && heap_[child].time < heap_[least].time) least = child;
    }
    if (least == i) return;
    std::swap(heap_[i], heap_[least]);
    i = least;
  }
}

}  // namespace edp::decode::go_trace
