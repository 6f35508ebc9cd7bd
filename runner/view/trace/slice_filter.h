// Which states of which goroutines a view of a trace is about.
#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "runner/model/timeline.h"

namespace edp::view {

struct SliceOptions {
  std::string function;               // RE2; matches a function on the goroutine's stack, or its unblocker's
  std::optional<uint64_t> goroutine;  // the runtime's id
  std::optional<model::GoState> state;
  int64_t from = 0, to = INT64_MAX;  // nanoseconds since the trace began; what reaches into it counts

  [[nodiscard]] bool is_all() const {
    return function.empty() && !goroutine && !state && from == 0 && to == INT64_MAX;
  }
};

class SliceFilter {
 public:
  // An error where the pattern is none, or the trace has no such goroutine.
  static Result<SliceFilter> make(const SliceOptions& options, const model::Timeline& timeline);

  [[nodiscard]] bool takes_goroutine(uint32_t goroutine) const {
    return goroutine_ == model::kNone || goroutine == goroutine_;
  }
  // Where it goes over: before, a goroutine's earlier slices need not be looked at.
  [[nodiscard]] bool takes(const model::GoSlice& slice) const;
  // Without a look at the stack.
  [[nodiscard]] bool takes_state_and_time(const model::GoSlice& slice) const;
  [[nodiscard]] bool takes_stack(uint32_t stack) const {
    return stacks_.empty() || (stack != model::kNone && stacks_[stack]);
  }
  [[nodiscard]] bool has_function() const { return !stacks_.empty(); }

 private:
  SliceOptions options_;
  uint32_t goroutine_ = model::kNone;
  std::vector<bool> stacks_;  // which match; empty: no pattern
};

}  // namespace edp::view
