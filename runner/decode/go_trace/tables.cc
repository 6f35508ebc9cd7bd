#include "runner/decode/go_trace/tables.h"

#include <cstring>

namespace edp::decode::go_trace {

bool IdIndex::add(uint64_t id, uint32_t index) {
  constexpr size_t kRoom = 1024;  // how far ids may run ahead of their number
  if (find(id) != kNone) return false;
  ++count_;
  if (id < count_ * 2 + kRoom) {
    if (id >= dense_.size()) dense_.resize(std::max<size_t>(id + 1, count_), kNone);
    dense_[id] = index;
  } else {
    sparse_.add(id, index);
  }
  return true;
}

bool Tables::add_text(uint64_t id, std::string_view text) {
  if (!texts_by_id_.add(id, static_cast<uint32_t>(texts_.size()))) return false;
  texts_.push_back(text);
  return true;
}

uint32_t Tables::add_text(std::string_view text) {
  texts_.push_back(keep(text));
  return static_cast<uint32_t>(texts_.size() - 1);
}

std::string_view Tables::keep(std::string_view text) {
  constexpr size_t kChunk = 16 << 10;
  if (text.empty()) return {};
  const auto add_chunk = [this](size_t size) {
    return text_chunks_.emplace_back(std::make_unique_for_overwrite<char[]>(size)).get();
  };
  char* place = nullptr;
  if (text.size() > kChunk / 4) {
    place = add_chunk(text.size());
  } else {
    if (text.size() > chunk_left_) {
      chunk_at_ = add_chunk(kChunk);
      chunk_left_ = kChunk;
    }
    place = chunk_at_;
    chunk_at_ += text.size();
    chunk_left_ -= text.size();
  }
  std::memcpy(place, text.data(), text.size());
  return {place, text.size()};
}

bool Tables::add_stack(uint64_t id) {
  if (!stacks_by_id_.add(id, static_cast<uint32_t>(stack_ends_.size()))) {
    drop_frames();
    return false;
  }
  stack_ends_.push_back(stack_frames_.size());
  return true;
}

void Tables::add_frame(const Frame& frame) {
  if (const uint32_t* known = frames_by_pc_.find(frame.pc)) {
    stack_frames_.push_back(*known);
    return;
  }
  const auto index = static_cast<uint32_t>(frames_.size());
  frames_.push_back(frame);
  frames_by_pc_.add(frame.pc, index);
  stack_frames_.push_back(index);
}

void Tables::drop_frames() { stack_frames_.resize(stack_ends_.empty() ? 0 : stack_ends_.back()); }

std::span<const uint32_t> Tables::stack(uint32_t index) const {
  if (index == kNone) return {};
  const size_t begin = index == 0 ? 0 : stack_ends_[index - 1];
  return std::span(stack_frames_).subspan(begin, stack_ends_[index] - begin);
}

}  // namespace edp::decode::go_trace
