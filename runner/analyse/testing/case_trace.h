// Builds a model::Timeline from the lines of a golden case's trace block:
//
//   trace at=5 end=100                    # milliseconds, as are all times
//   procs 2
//   stack lock = main.serve@/app/s.go:9 > main.(*S).Get@/app/s.go:20 >
//   sync.(*Mutex).Lock@/go/sync/mutex.go:81 goroutine 7-18 main.serve             # the function that it
//   runs, of one or of several alike 0 7-18 run                            # on processor (goroutine modulo
//   procs) 1.2 7-18 wait lock                    # stands there; `sync`, or the reason behind the stack 0 9
//   waiting lock                      # so it has stood since before the trace; the stack may be left out
//   19.1 7-18 wake by 3 unlock            # or without `by`: a timer, the network
//   19.3 7 ready busy                     # preempted there
//   50 7 lost                             # a part of the trace is broken
//   12 cpu 3 work                         # a CPU sample
//   12 heap 1000000                       # the live heap
//   10..14 assist 3 grow                  # mark assist that began there
//   10..14 stw GC mark termination
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "runner/model/timeline_builder.h"

namespace edp::analyse::testing {

class CaseTrace {
 public:
  Result<void> add(std::string_view line);
  // In order of time, whatever the order of the lines.
  model::Timeline finish(double end_ms);

 private:
  Result<void> add_stack(std::string_view text);
  Result<void> add_event(const std::vector<std::string_view>& words, std::string_view line);
  Result<void> add_change(int64_t time, uint32_t goroutine, const std::vector<std::string_view>& words);
  Result<uint32_t> stack_of(std::string_view name) const;
  uint32_t goroutine_of(uint64_t id);
  void at(int64_t time, std::function<void()> event) { events_.emplace_back(time, std::move(event)); }

  model::TimelineBuilder builder_;
  std::map<std::string, uint32_t, std::less<>> stacks_;
  std::map<uint64_t, uint32_t> goroutines_;
  std::vector<std::pair<int64_t, std::function<void()>>> events_;
  uint32_t procs_ = 0;
};

}  // namespace edp::analyse::testing
