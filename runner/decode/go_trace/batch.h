// The unit of the generation formats: up to 64 KiB that one thread wrote.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runner/decode/go_trace/event.h"
#include "runner/decode/go_trace/pages.h"

namespace edp::decode::go_trace {

struct BatchHeader {
  bool is_end_of_generation = false;
  bool is_experimental = false;
  uint64_t generation = 0;
  int64_t thread = kNoId;
  uint64_t time = 0;
  uint64_t size = 0;
};

enum class Parsed { kOk, kShort, kBad };  // kShort: more bytes decide
// Reads a header; `what` says what is wrong where it is kBad.
Parsed read_batch_header(ByteReader& bytes, BatchHeader& header, const char*& what);

// Payloads one behind the other, each readable a little beyond its end. Memory is kept for the next
// generation.
class BatchStore {
 public:
  static constexpr size_t kSlack = 64;
  const Byte* add(std::string_view payload);
  void clear() { slab_ = used_ = 0; }
  [[nodiscard]] uint64_t memory() const { return slabs_.size() * kSlab; }

 private:
  static constexpr size_t kSlab = 2 << 20;  // a huge page
  using Slab = std::unique_ptr<Byte, FreeMemory>;
  static Slab make_slab();
  std::vector<Slab> slabs_;
  size_t slab_ = 0, used_ = 0;
};

}  // namespace edp::decode::go_trace
