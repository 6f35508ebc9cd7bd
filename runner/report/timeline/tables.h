// The texts, frames and stacks that the kept part of a trace names, numbered anew. Stacks share their
// callers: a stack is a node of a tree, its parent the caller.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runner/model/timeline.h"

namespace edp::report {

class PageTables {
 public:
  explicit PageTables(const model::Timeline& timeline);

  // Text 0 is the empty one, for kNone too.
  uint32_t text(uint32_t timeline_text);
  uint32_t literal(std::string_view text);  // one that the timeline does not have
  // Node 0 is no stack.
  uint32_t stack(uint32_t timeline_stack);

  // The columns, as page.h describes them.
  void append_to(std::string& out) const;

 private:
  struct Node {
    uint32_t parent, frame;
  };
  uint32_t frame(uint32_t timeline_frame);

  const model::Timeline& timeline_;
  std::vector<uint32_t> text_of_, stack_of_, frame_of_;  // by the timeline's index; kNone: not named yet
  std::vector<std::string_view> texts_{""};
  std::vector<uint32_t> frames_;  // the timeline's
  std::vector<Node> nodes_{{0, 0}};
  std::unordered_map<uint64_t, uint32_t> node_of_;  // by parent and frame
};

}  // namespace edp::report
