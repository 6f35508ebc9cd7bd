// What the runner is doing: one line that changes, on the error stream where that is a terminal; nothing
// anywhere else.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "runner/collect/collect.h"

namespace edp::cli {

class ProgressLine {
 public:
  explicit ProgressLine(bool live) : live_(live) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // As collect::ProgressFn: called by one thread at a time.
  void on(const collect::Progress& progress);
  void clear();

 private:
  void draw();

  bool live_;
  bool drawn_ = false;
  uint64_t finished_ = 0;
  std::map<std::string, uint64_t> running_;  // collector -> bytes so far
};

}  // namespace edp::cli
