// One gzip stream, unpacked as it comes. How much comes out is the sink's to bound: it is asked every 64 KiB.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace edp::serve {

class Gunzip {
 public:
  Gunzip();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  enum class Outcome { kMore, kEnd, kBroken, kRefused };  // kRefused: the sink said false
  // Bytes after the end are kBroken.
  Outcome feed(std::string_view bytes, const std::function<bool(std::string_view)>& sink);
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  bool ended_ = false;
};

}  // namespace edp::serve
