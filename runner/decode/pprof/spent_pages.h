// Gives back the memory of bytes that have been read for the last time, while what was made of them grows:
// the peak of decoding a large profile is then that of its columns.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "runner/decode/pprof/wire.h"

namespace edp::decode::pprof {

class SpentPages {
 public:
  // `bytes` is memory of the process's own; what is released reads as zeros afterwards.
  explicit SpentPages(ByteRange bytes) : released_(align_up(bytes.begin)) {}

  // Everything before `until` is spent.
  void release(const Byte* until) {
    const uintptr_t end = reinterpret_cast<uintptr_t>(until) & ~(page_size() - 1);
    if (end < released_ + kStep) return;
    auto* begin = reinterpret_cast<void*>(released_);  // NOLINT(performance-no-int-to-ptr)
    (void)::madvise(begin, end - released_, MADV_DONTNEED);
    released_ = end;
  }

 private:
  static constexpr uintptr_t kStep = 4 << 20;

  static uintptr_t page_size() {
    static const auto size = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
    return size;
  }
  static uintptr_t align_up(const Byte* p) {
    return (reinterpret_cast<uintptr_t>(p) + page_size() - 1) & ~(page_size() - 1);
  }

  uintptr_t released_;
};

}  // namespace edp::decode::pprof
