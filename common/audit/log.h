// Writes an audit stream. An act that write() has taken is on the disk; one that it has not taken must not be
// carried out. Threads that write at the same time share one fsync.
//
// Files: see chain_file.h. A segment is closed when it is full and when a day (UTC) is over; closed ones are
// removed after `keep`, which is itself an act ("audit.prune") and leaves the number and hash of the last
// line that is gone. A head (signature.h) is written into the stream ("audit.head", "audit.seal") and beside
// it
// (`path.head`, the newest) every `head_every` in which there were lines, once a day, and at a segment's and
// the log's end.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/audit/act.h"
#include "common/audit/chain_file.h"
#include "common/masking/masker.h"
#include "common/result.h"

namespace edp::audit {

struct LogOptions {
  std::string path;      // the open segment; empty: no file, then `copy_to` is all there is
  int copy_to = -1;      // a descriptor that gets each line as well, tagged (line.h)
  std::string key_file;  // signs the heads; empty: they are not signed
  std::string writer;    // who writes: "edp-runner 0.1.0", for the opening line
  uint64_t max_bytes = uint64_t{64} << 20;  // of a segment
  std::chrono::seconds keep{90 * 86'400};
  std::chrono::seconds head_every{3600};
  std::shared_ptr<const masking::Patterns> patterns;  // null: the built-in ones
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
  FileCalls calls;
  // From any thread; short.
  std::function<void(size_t lines)> on_lines;
  std::function<void(const Error&)> on_failure;
};

class Log {
 public:
  // Fails for a key that can't be read only: the first write opens the file.
  static Result<std::unique_ptr<Log>> open(LogOptions options);
  ~Log();  // close()
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // The numbers (seq) of the acts, once they are safe. An error: none of them is written. From any thread.
  Result<std::vector<uint64_t>> write(const std::vector<Act>& acts);
  Result<uint64_t> write(const Act& act);

  // From time to time: the daily head, the end of a day's segment, what is too old.
  Result<void> keep_house();
  // Seals the stream. Nothing where nothing was written.
  void close();

 private:
  struct Impl;
  explicit Log(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::audit
