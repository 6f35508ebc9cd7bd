// Which files of an audit stream are old enough to go.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace edp::audit {

struct OldSegment {
  std::vector<std::string> files;  // full paths, in the order in which they are to go
  std::string stream;
  uint64_t from = 0, to = 0;  // lines
  std::string hash;           // of the last one
};

// Closed segments of the stream at `path` whose last line is older than `before`, oldest first, and whole
// streams of others in the same folder ("*.jsonl" beside a "*.jsonl": replicas that are gone) of which that
// is true of every line. `own` is the id of the stream at `path`.
Result<std::vector<OldSegment>> old_segments(const std::string& path,
                                             std::chrono::system_clock::time_point before,
                                             const std::string& own);
Result<void> remove_files(const std::vector<std::string>& files);

}  // namespace edp::audit
