// The strings and stacks that events of one generation (or of a whole one-stream trace) refer to by id.
// Events that are handed on refer to them by index: dense, from 0, in order of appearance.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "runner/decode/go_trace/id_map.h"
#include "runner/model/profile.h"

namespace edp::decode::go_trace {

using model::kNone;

// Ids are mostly 1, 2, 3, ...: an array then, else a map.
class IdIndex {
 public:
  [[nodiscard]] uint32_t find(uint64_t id) const {
    if (id < dense_.size() && dense_[id] != kNone) return dense_[id];
    if (sparse_.size() == 0) return kNone;
    const uint32_t* found = sparse_.find(id);
    return found == nullptr ? kNone : *found;
  }
  // False where the id is known already.
  bool add(uint64_t id, uint32_t index);

 private:
  std::vector<uint32_t> dense_;
  IdMap<uint32_t> sparse_;
  size_t count_ = 0;
};

struct Frame {
  uint64_t pc = 0;
  uint64_t function_id = 0, file_id = 0;  // of strings, which may come later
  uint64_t line = 0;
};

class Tables {
 public:
  // The view must live as long as the tables. False where the id is there already.
  bool add_text(uint64_t id, std::string_view text);
  // A text that has no id; copied.
  uint32_t add_text(std::string_view text);
  std::string_view keep(std::string_view text);  // a copy that lives as long as the tables
  // Frames are added by add_frame(), leaf first. False where the id is there already.
  bool add_stack(uint64_t id);
  // Of the stack that the next add_stack() ends. One program counter means one frame: the first one given.
  void add_frame(const Frame& frame);
  void drop_frames();  // those of a stack that can't be read

  // Indices; kNone where there is none, id 0 included.
  [[nodiscard]] uint32_t text_index(uint64_t id) const { return id == 0 ? kNone : texts_by_id_.find(id); }
  [[nodiscard]] uint32_t stack_index(uint64_t id) const { return id == 0 ? kNone : stacks_by_id_.find(id); }

  [[nodiscard]] std::string_view text(uint32_t index) const {
    return index == kNone ? std::string_view() : texts_[index];
  }
  [[nodiscard]] std::span<const uint32_t> stack(uint32_t index) const;  // indices for frame()
  [[nodiscard]] const Frame& frame(uint32_t index) const { return frames_[index]; }
  [[nodiscard]] size_t text_count() const { return texts_.size(); }
  [[nodiscard]] size_t stack_count() const { return stack_ends_.size(); }
  [[nodiscard]] size_t frame_count() const { return frames_.size(); }

 private:
  std::vector<std::string_view> texts_;
  std::vector<std::unique_ptr<char[]>> text_chunks_;
  char* chunk_at_ = nullptr;  // what is left of the last small one
  size_t chunk_left_ = 0;
  IdIndex texts_by_id_, stacks_by_id_;
  std::vector<Frame> frames_;
  IdMap<uint32_t> frames_by_pc_;
  std::vector<uint32_t> stack_frames_;
  std::vector<size_t> stack_ends_;
};

}  // namespace edp::decode::go_trace
