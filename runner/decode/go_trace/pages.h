// Memory of the size of traces.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

namespace edp::decode::go_trace {

struct FreeMemory {
  void operator()(void* memory) const { std::free(memory); }
};

// Asks for huge pages: tens of thousands of page faults less. Where there are none, it is only slower.
inline void ask_for_huge_pages(char* begin, size_t size) {
  constexpr size_t kHuge = 2 << 20;
  const size_t skip = -reinterpret_cast<uintptr_t>(begin) % kHuge;
  if (size >= skip + kHuge) (void)madvise(begin + skip, (size - skip) & ~(kHuge - 1), MADV_HUGEPAGE);
}

// Gives the pages of bytes that have been read back to the system, as reading goes on. What they held is
// lost.
class Releaser {
 public:
  // Of bytes that are another's, nothing is released.
  Releaser(std::string_view bytes, bool is_owner)
      : at_(is_owner ? bytes.data() : nullptr), end_(bytes.data() + bytes.size()) {}

  // All before `end` has been read.
  void release(const char* end) {
    end = std::min(end, end_);
    if (at_ == nullptr || end - at_ < kStep) return;
    static const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    const char* begin = at_ + -reinterpret_cast<uintptr_t>(at_) % page;
    const size_t size = static_cast<size_t>(end - begin) / page * page;
    (void)madvise(const_cast<char*>(begin), size, MADV_DONTNEED);
    at_ = begin + size;
  }

 private:
  static constexpr ptrdiff_t kStep = 4 << 20;
  const char* at_;
  const char* end_;
};

// Bytes that grow without being copied: where they are many, their pages are moved. That works on one mapping
// of one kind only, so all of it asks for huge pages.
class GrowingBytes {
 public:
  GrowingBytes() = default;
  GrowingBytes(const GrowingBytes&) = delete;
  GrowingBytes& operator=(const GrowingBytes&) = delete;
  ~GrowingBytes() { release(); }

  void append(std::string_view bytes) {
    if (bytes.size() > capacity_ - size_) grow(std::max(size_ + bytes.size(), capacity_ * 2));
    if (!bytes.empty()) std::memcpy(bytes_ + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void erase_front(size_t size) {
    if (size == 0) return;
    size_ -= size;
    std::memmove(bytes_, bytes_ + size, size_);
  }
  void clear() { size_ = 0; }
  [[nodiscard]] std::string_view view() const { return {bytes_, size_}; }
  [[nodiscard]] size_t size() const { return size_; }

 private:
  static constexpr size_t kMapped = 4 << 20;  // bytes; fewer are the heap's

  [[nodiscard]] bool is_mapped() const { return capacity_ >= kMapped; }
  void grow(size_t capacity) {
    char* grown = nullptr;
    if (capacity < kMapped) {
      grown = static_cast<char*>(std::realloc(bytes_, capacity));
      if (grown == nullptr) throw std::bad_alloc();
    } else {
      capacity = (capacity + kMapped - 1) / kMapped * kMapped;
      void* pages = is_mapped()
                        ? mremap(bytes_, capacity_, capacity, MREMAP_MAYMOVE)
                        : mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (pages == MAP_FAILED) throw std::bad_alloc();
      grown = static_cast<char*>(pages);
      if (!is_mapped()) {
        (void)madvise(grown, capacity, MADV_HUGEPAGE);
        if (size_ > 0) std::memcpy(grown, bytes_, size_);
        release();
      }
    }
    bytes_ = grown;
    capacity_ = capacity;
  }
  void release() {
    if (is_mapped()) {
      munmap(bytes_, capacity_);
    } else {
      std::free(bytes_);
    }
  }

  char* bytes_ = nullptr;
  size_t size_ = 0, capacity_ = 0;
};

}  // namespace edp::decode::go_trace
