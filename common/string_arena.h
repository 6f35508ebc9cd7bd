// Keeps strings alive for views into them; the views stay valid while the arena lives and when it is moved.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace edp {

class StringArena {
 public:
  std::string_view add(std::string_view text) {
    if (text.empty()) return {};
    if (text.size() > left_) {
      const size_t size = text.size() > kBlock ? text.size() : kBlock;
      blocks_.push_back(std::make_unique<char[]>(size));
      next_ = blocks_.back().get();
      left_ = size;
    }
    std::memcpy(next_, text.data(), text.size());
    const std::string_view view(next_, text.size());
    next_ += text.size();
    left_ -= text.size();
    return view;
  }

 private:
  static constexpr size_t kBlock = 16384;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace edp
