// The next event of each thread, and which thread's comes first.
#pragma once

#include <algorithm>
#include <vector>

#include "runner/decode/go_trace/generation.h"
#include "runner/decode/go_trace/ordering.h"

namespace edp::decode::go_trace {

// Walks through one thread's batches.
class Cursor {
 public:
  enum class Next { kEvent, kEnd, kBad };

  Cursor(const ThreadBatches& batches, Ordering::Thread* thread, const Clock& clock)
      : batches_(&batches.batches), clock_(&clock), thread_(thread), thread_id_(batches.thread) {}

  Next next() {
    static_assert(BatchStore::kSlack >= 1 + 10 * (kMaxArgs + 1));
    if (p_ == end_ && !next_batch()) return Next::kEnd;
    const Byte* p = p_;
    const int8_t count = kArgumentCounts[*p];
    if (count < 0) return bad("an event has a type that there is not");
    event_.type = static_cast<EventType>(*p++);
    uint64_t ticks = 0;
    bool ok = read_varint_unchecked(p, ticks);
    for (int i = 0; i < count; ++i) ok &= read_varint_unchecked(p, event_.args[static_cast<size_t>(i)]);
    // What stands behind the batch is anything: whether it ends in time is told first.
    if (p > end_) return bad("an event is cut by the end of its batch");
    if (!ok) return bad("an event has a number longer than 64 bits");
    const uint64_t time = static_cast<uint64_t>(last_time_) + static_cast<uint64_t>(clock_->ns(ticks));
    event_.time = last_time_ = static_cast<int64_t>(time);
    p_ = p;
    return Next::kEvent;
  }
  [[nodiscard]] const RawEvent& event() const { return event_; }
  [[nodiscard]] Ordering::Thread* thread() const { return thread_; }
  [[nodiscard]] int64_t thread_id() const { return thread_id_; }
  [[nodiscard]] uint64_t batch_offset() const { return offset_; }
  [[nodiscard]] const char* error() const { return error_; }

 private:
  bool next_batch();
  Next bad(const char* error) {
    error_ = error;
    return Next::kBad;
  }

  const std::vector<Batch>* batches_;
  const Clock* clock_;
  Ordering::Thread* thread_;
  int64_t thread_id_;
  size_t index_ = 0;  // of the next batch
  const Byte* p_ = nullptr;
  const Byte* end_ = nullptr;
  int64_t last_time_ = 0;
  uint64_t offset_ = 0;
  RawEvent event_;
  const char* error_ = nullptr;
};

// A heap by time. Which of equal times comes first is as in Go's reader, so that orders can be compared.
class Frontier {
 public:
  void add(Cursor* cursor);
  // After its next event has been read.
  void update(size_t i) {
    const int64_t time = heap_[i].time = heap_[i].cursor->event().time;
    if (i == 0 && time <= second_time_) return;  // mostly one thread's events follow each other
    if (sift_up(i) == i) sift_down(i);
    note_second();
  }
  void remove(size_t i);
  void sort();
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] size_t size() const { return heap_.size(); }
  [[nodiscard]] Cursor& operator[](size_t i) { return *heap_[i].cursor; }
  [[nodiscard]] int64_t first_time() const { return heap_.front().time; }

 private:
  struct Entry {
    int64_t time;
    Cursor* cursor;
  };
  size_t sift_up(size_t i) {
    for (; i > 0 && heap_[(i - 1) / 2].time > heap_[i].time; i = (i - 1) / 2) {
      std::swap(heap_[(i - 1) / 2], heap_[i]);
    }
    return i;
  }
  void sift_down(size_t i) {
    const size_t size = heap_.size();
    for (;;) {
      size_t least = i;
      for (const size_t child : {2 * i + 1, 2 * i + 2}) {
        if (child < size && heap_[child].time < heap_[least].time) least = child;
      }
      if (least == i) return;
      std::swap(heap_[i], heap_[least]);
      i = least;
    }
  }
  void note_second() {
    second_time_ = INT64_MAX;
    for (size_t i = 1; i < std::min<size_t>(heap_.size(), 3); ++i) {
      second_time_ = std::min(second_time_, heap_[i].time);
    }
  }
  std::vector<Entry> heap_;
  int64_t second_time_ = INT64_MAX;  // of all but the first
};

}  // namespace edp::decode::go_trace
