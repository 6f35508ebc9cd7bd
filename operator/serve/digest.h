// SHA-256, piece by piece.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace edp::serve {

class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void add(std::string_view bytes);
  // 64 hex digits; nothing may be added afterwards, asking again gives the same.
  const std::string& hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::string hex_;
};

}  // namespace edp::serve
