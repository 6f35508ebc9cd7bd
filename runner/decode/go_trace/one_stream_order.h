// The second pass: in which order the processors' events happened. Kept as which processor's event comes
// next, about a byte an event.
#pragma once

#include <string>
#include <vector>

#include "runner/decode/go_trace/one_stream_index.h"

namespace edp::decode::go_trace::v1 {

// An event with what its place in its processor's batches tells.
struct Event {
  Raw raw;
  int64_t ticks = 0;
  uint64_t goroutine = 0;  // 0: none
};

// Walks through the events of one processor.
class ProcCursor {
 public:
  explicit ProcCursor(const ProcBatches& batches) : batches_(&batches) {}
  bool next();
  // What stands before is not read any more. nullptr: nothing is.
  [[nodiscard]] const Byte* at() const {
    if (p_ != end_) return p_;
    return index_ < batches_->batches.size() ? batches_->batches[index_].begin : nullptr;
  }
  [[nodiscard]] const Event& event() const { return event_; }
  [[nodiscard]] int64_t proc() const { return batches_->proc; }

 private:
  const ProcBatches* batches_;
  size_t index_ = 0;
  const Byte* p_ = nullptr;
  const Byte* end_ = nullptr;
  int64_t last_ticks_ = 0;
  uint64_t last_goroutine_ = 0;
  Event event_;
};

EDP_HOT bool ProcCursor::next() {
  for (;;) {
    while (p_ == end_) {
      if (index_ == batches_->batches.size()) return false;
      const Batch& batch = batches_->batches[index_++];
      p_ = batch.begin;
      end_ = batch.end;
      last_ticks_ = static_cast<int64_t>(batch.ticks);
    }
    Raw& raw = event_.raw;
    if (read_event(p_, end_, raw) != nullptr) {  // the first pass has told
      p_ = end_;
      continue;
    }
    if (raw.type == kString || raw.type == kStack || !spec_of(raw.type).is_timed || raw.type == kCpuSample)
      continue;
    last_ticks_ = static_cast<int64_t>(static_cast<uint64_t>(last_ticks_) + raw.ticks);
    event_.ticks = last_ticks_;
    event_.goroutine = last_goroutine_;
    switch (raw.type) {
      case kGoStart:
      case kGoStartLocal:
      case kGoStartLabel:
        event_.goroutine = last_goroutine_ = raw.args[0];
        break;
      case kGoEnd:
      case kGoStop:
      case kGoSched:
      case kGoPreempt:
      case kGoSleep:
      case kGoBlock:
      case kGoBlockSend:
      case kGoBlockRecv:
      case kGoBlockSelect:
      case kGoBlockSync:
      case kGoBlockCond:
      case kGoBlockNet:
      case kGoSysBlock:
      case kGoBlockGc:
        last_goroutine_ = 0;
        break;
      case kGoSysExit:
      case kGoWaiting:
      case kGoInSyscall:
        event_.goroutine = raw.args[0];
        break;
      default:
        break;
    }
    return true;
  }
}

// An end of a system call: it is written when the goroutine runs again, and tells when the call was over.
struct SyscallExit {
  int64_t ticks = 0;
  uint64_t place = 0;  // of the event in the order
  uint64_t goroutine = 0;
};

class Order {
 public:
  // Of `procs` processors and, as one more, the CPU samples.
  explicit Order(size_t procs) : sources_(procs + 1) {}

  void add(size_t source) {
    if (source != last_ || count_ == 0) flush();
    last_ = source;
    ++count_;
  }
  void flush();

  class Reader {
   public:
    explicit Reader(const Order& order)
        : order_(&order), p_(order.bytes_.data()), end_(p_ + order.bytes_.size()) {}
    bool next(size_t& source);

   private:
    const Order* order_;
    const Byte* p_;
    const Byte* end_;
    size_t source_ = 0;
    uint64_t left_ = 0;
  };

  std::vector<SyscallExit> exits;    // that were earlier than they were written; in order of time
  std::vector<bool> syscall_blocks;  // of each kGoSysCall in the order: its processor was taken away
  std::vector<std::string> problems;
  bool complete = true;

 private:
  size_t sources_;
  size_t last_ = 0;
  uint64_t count_ = 0;
  std::vector<Byte> bytes_;
};

Order make_order(const Index& index);

}  // namespace edp::decode::go_trace::v1
