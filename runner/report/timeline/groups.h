// Goroutines that run the same function are one group, with a lane of its own that shows how many of them
// were in which state. Format: encode.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runner/model/timeline.h"
#include "runner/report/timeline/detail.h"
#include "runner/report/timeline/occupancy.h"
#include "runner/report/timeline/tables.h"

namespace edp::report {

class GoroutineGroups {
 public:
  // At most `limit` groups: those in which somebody waited longest for a lock, then the largest; the last one
  // then holds the rest.
  GoroutineGroups(const model::Timeline& timeline, const SliceClasses& classes, const Detail& detail,
                  uint32_t limit);

  [[nodiscard]] uint32_t of(uint32_t goroutine) const { return group_of_[goroutine]; }
  void append_to(std::string& out, PageTables& tables) const;
  void append_procs(std::string& out) const;

 private:
  struct Group {
    uint32_t function = model::kNone;
    uint64_t goroutines = 0, without_lane = 0;
  };
  void choose(const Detail& detail, uint32_t limit);
  void count(const SliceClasses& classes);

  const model::Timeline& timeline_;
  std::vector<uint32_t> group_of_;  // by goroutine
  std::vector<Group> groups_;
  std::vector<Occupancy> states_, procs_;
  bool has_rest_ = false;
};

}  // namespace edp::report
