// What /proc says of this process.
#pragma once

#include <optional>
#include <string>

namespace edp::publish {

struct ProcessFigures {
  double cpu_seconds = 0;
  double start_time_seconds = 0;  // since 1970
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double open_fds = 0;
  double threads = 0;
};

// `proc`: "/proc/self". Nothing where it can't be read.
std::optional<ProcessFigures> read_process_figures(const std::string& proc);

}  // namespace edp::publish
