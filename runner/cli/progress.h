// What the runner is doing, on the terminal's error stream: one line that changes on a terminal, nothing else
// anywhere else.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "runner/collect/collect.h"

namespace edp::cli {

class ProgressLine {
 public:
  // `live`: the stream is a terminal. Otherwise only what went wrong is printed, a line each.
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
