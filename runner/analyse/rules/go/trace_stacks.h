// What the stacks of an execution trace say to the rules: each is looked at once, when first asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "runner/analyse/rules/go/goroutine_stacks.h"
#include "runner/model/timeline.h"

namespace edp::analyse::go {

struct TraceStack {
  Frames frames;  // leaf first
  LockCall lock;  // a Lock or Unlock at its inner end
  // The innermost map operation that a line of the user's calls, and that line; kNone where there is none.
  SymbolClass operation = SymbolClass::kNone;
  size_t caller = kNoFrame;
  ClassSet classes;                  // of the frames below the caller, or of all where there is no operation
  bool growth = false;               // a map that is full gets a larger array, or a trie another level
  size_t innermost_user = kNoFrame;  // the innermost frame of the user's own code

  [[nodiscard]] bool in_map() const { return caller != kNoFrame; }
  // The function that the work is done for: the outermost of the user's up to where the library called it,
  // which is the handler below net/http.
  [[nodiscard]] std::string_view handler() const;
};

// Since when a goroutine has been in the state of a slice. Its first may begin where an event first names it:
// if that event tells a state which it had already, it has had it since the trace began.
inline int64_t begin_of(const model::GoSlice& slice, bool is_first) {
  return is_first && slice.cause == model::GoCause::kStatus ? 0 : slice.begin;
}

class TraceStacks {
 public:
  explicit TraceStacks(const model::Timeline& timeline);
  // kNone gives a stack without frames. The reference stays valid.
  const TraceStack& of(uint32_t stack);

 private:
  const model::Timeline& timeline_;
  std::vector<std::unique_ptr<TraceStack>> stacks_;
  std::vector<std::unique_ptr<model::GoroutineFrame[]>> frames_;
  TraceStack none_;
};

}  // namespace edp::analyse::go
