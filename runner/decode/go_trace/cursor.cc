#include "runner/decode/go_trace/cursor.h"

namespace edp::decode::go_trace {

bool Cursor::next_batch() {
  do {
    if (index_ == batches_->size()) return false;
    const Batch& batch = (*batches_)[index_++];
    p_ = batch.begin;
    end_ = p_ + batch.size;
    offset_ = batch.offset;
    last_time_ = clock_->ns(batch.time);
  } while (p_ == end_);
  return true;
}

void Frontier::add(Cursor* cursor) {
  heap_.push_back({cursor->event().time, cursor});
  sift_up(heap_.size() - 1);
  note_second();
}

void Frontier::remove(size_t i) {
  for (; i > 0; i = (i - 1) / 2) std::swap(heap_[(i - 1) / 2], heap_[i]);
  std::swap(heap_.front(), heap_.back());
  heap_.pop_back();
  sift_down(0);
  note_second();
}

void Frontier::sort() {
  std::ranges::stable_sort(heap_, {}, &Entry::time);
  note_second();
}

}  // namespace edp::decode::go_trace
