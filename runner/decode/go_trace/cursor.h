// The next event of each thread, and which thread's comes first.
#pragma once

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

  Next next();
  [[nodiscard]] const RawEvent& event() const { return event_; }
  [[nodiscard]] Ordering::Thread* thread() const { return thread_; }
  [[nodiscard]] int64_t thread_id() const { return thread_id_; }
  [[nodiscard]] uint64_t batch_offset() const { return offset_; }
  [[nodiscard]] const char* error() const { return error_; }

 private:
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
  void update(size_t i);  // after its next event has been read
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
  size_t sift_up(size_t i);
  void sift_down(size_t i);
  std::vector<Entry> heap_;
};

}  // namespace edp::decode::go_trace
