// Bytes on their way: in memory while they are few, then in a file that has no name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "operator/serve/file_io.h"

namespace edp::serve {

class Spool {
 public:
  static constexpr size_t kInMemory = size_t{64} << 10U;

  explicit Spool(std::string folder) : folder_(std::move(folder)) {}
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // 0 or an errno.
  int add(std::string_view bytes);
  [[nodiscard]] uint64_t size() const { return size_; }
  // All of it; valid while the spool lives and nothing is added. Empty data() with a size: it can't be
  // mapped.
  std::string_view view();
  // As an answer's body; the spool is empty afterwards.
  std::shared_ptr<http::BodySource> source();

 private:
  const std::string folder_;
  std::string memory_;
  Descriptor file_;
  uint64_t size_ = 0;
  void* mapped_ = nullptr;
};

}  // namespace edp::serve
