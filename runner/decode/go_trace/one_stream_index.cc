#include "runner/decode/go_trace/one_stream_index.h"

#include <algorithm>
#include <cstring>

namespace edp::decode::go_trace::v1 {
namespace {

constexpr uint64_t kMaxFrames = 1000;
constexpr size_t kMaxStackArgs = 2048;  // an event has at most so many bytes
constexpr int kEventsToTrust = 16;      // a batch found behind a broken part is one if so many events follow

class Indexer {
 public:
  explicit Indexer(std::string_view bytes)
      : begin_(reinterpret_cast<const Byte*>(bytes.data())), end_(begin_ + bytes.size()) {}

  Index run() {
    const Byte* p = begin_;
    while (p < end_) {
      const Byte* at = p;
      if (const char* error = read(p)) {
        note(at, error);
        close_batch(at);
        p = resync(at + 1);
      }
    }
    close_batch(end_);
    std::ranges::sort(index_.procs, {}, &ProcBatches::proc);
    std::ranges::stable_sort(index_.samples, {}, &CpuSample::ticks);
    return std::move(index_);
  }

 private:
  void note(const Byte* at, const std::string& what) {
    constexpr uint64_t kHeader = 16;
    if (index_.problems.size() < 100) {
      index_.problems.push_back(what + " at byte " +
                                std::to_string(kHeader + static_cast<uint64_t>(at - begin_)));
    }
  }

  void close_batch(const Byte* at) {
    if (batch_ != nullptr) batch_->batches.back().end = at;
    batch_ = nullptr;
  }

  const char* read(const Byte*& p) {
    const Byte* at = p;
    const unsigned type = *p & 63;
    if (type == kBatch) {
      BatchStart start;
      if (!read_batch(p, end_, start)) return "a batch's header can't be read";
      close_batch(at);
      size_t* known = places_.find(static_cast<uint64_t>(start.proc));
      if (known == nullptr) {
        known = &places_.add(static_cast<uint64_t>(start.proc), index_.procs.size());
        index_.procs.push_back({.proc = start.proc, .batches = {}});
      }
      batch_ = &index_.procs[*known];
      batch_->batches.push_back({p, p, start.ticks});
      return nullptr;
    }
    if (batch_ == nullptr) return "an event stands before any batch";
    switch (type) {
      case kString:
        return read_string(p);
      case kStack:
        return read_stack(p);
      case kFrequency:
      case kTimerGoroutine:
      case kCpuSample:
        return read_single(p, type);
      default:
        return skip_event(p, end_, raw_);
    }
  }

  const char* read_string(const Byte*& p) {
    const Byte* at = p;
    if (const char* error = read_event(p, end_, raw_)) return error;
    ByteReader bytes(at + 1, p);
    uint64_t id = 0, size = 0;
    std::string_view text;
    if (!bytes.varint(id) || !bytes.varint(size) || !bytes.bytes(size, text)) return "a string can't be read";
    if (!index_.tables.add_text(id, index_.tables.keep(text)))
      note(at, "string " + std::to_string(id) + " is given twice");
    return nullptr;
  }

  const char* read_stack(const Byte*& p) {
    size_t count = 0;
    if (const char* error = read_arguments(p, end_, args_.data(), args_.size(), count)) return error;
    if (count < 2 || args_[1] > kMaxFrames || count != 2 + 4 * args_[1])
      return "a stack has a wrong number of frames";
    const auto id = static_cast<uint32_t>(args_[0]);
    if (id == 0 || args_[1] == 0) return nullptr;
    for (size_t i = 0; i < args_[1]; ++i) {
      const uint64_t* frame = args_.data() + 2 + 4 * i;
      index_.tables.add_frame(
          {.pc = frame[0], .function_id = frame[1], .file_id = frame[2], .line = frame[3]});
    }
    index_.tables.add_stack(id);
    return nullptr;
  }

  const char* read_single(const Byte*& p, unsigned type) {
    std::array<uint64_t, 6> args{};
    size_t count = 0;
    if (const char* error = read_arguments(p, end_, args.data(), args.size(), count)) return error;
    if (count != (type == kCpuSample ? 5 : 1)) return "an event has a wrong number of arguments";
    if (type == kFrequency) {
      index_.ticks_per_second = args[0];
    } else if (type == kTimerGoroutine) {
      if (index_.timer_goroutines.find(args[0]) == nullptr) index_.timer_goroutines.add(args[0], true);
    } else {
      // Time, time as the signal came, processor, goroutine, stack.
      index_.samples.push_back({.ticks = args[1],
                                .goroutine = args[3],
                                .proc = static_cast<int32_t>(args[2]),
                                .stack = static_cast<uint32_t>(args[4])});
    }
    return nullptr;
  }

  // The next batch behind a broken part, or the end.
  const Byte* resync(const Byte* p) {
    constexpr Byte kBatchByte = kBatch | 1 << 6;
    for (; p < end_; ++p) {
      p = static_cast<const Byte*>(std::memchr(p, kBatchByte, static_cast<size_t>(end_ - p)));
      if (p == nullptr) return end_;
      const Byte* q = p;
      BatchStart start;
      if (!read_batch(q, end_, start) || places_.find(static_cast<uint64_t>(start.proc)) == nullptr) continue;
      int events = 0;
      while (events < kEventsToTrust && q < end_ && read_event(q, end_, raw_) == nullptr) ++events;
      if (events == kEventsToTrust || q == end_) return p;
    }
    return end_;
  }

  const Byte* begin_;
  const Byte* end_;
  Index index_;
  ProcBatches* batch_ = nullptr;
  IdMap<size_t> places_;
  Raw raw_;
  std::array<uint64_t, kMaxStackArgs> args_{};
};

}  // namespace

Index make_index(std::string_view bytes) { return Indexer(bytes).run(); }

}  // namespace edp::decode::go_trace::v1
