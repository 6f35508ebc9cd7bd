// One stream's files: the open segment `path`, and the closed ones `path.<first seq>-<day>` beside it, whose
// names sort. Several processes may write to one stream: each holds the lock on `path.lock` while it appends,
// and looks first whether another has been here.
//
// A line is in the file when append() has returned, and never otherwise: what a failed write or fsync left is
// cut off again before anything else is written. After a failed fsync the file is opened anew and its last
// good line read back, past the system's cache.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/audit/line.h"
#include "common/descriptor.h"
#include "common/result.h"

namespace edp::audit {

// Where a chain ends.
struct Tail {
  std::string stream;  // empty: there is none yet
  uint64_t seq = 0;
  std::string hash = kNoLine;
};

// Replaced by tests that let a disk fail.
struct FileCalls {
  std::function<int(int, std::string_view)> write = write_all;
  std::function<int(int)> sync = sync_file;
};

// Of what a killed writer left behind its last whole line.
struct Torn {
  uint64_t bytes = 0;  // 0: nothing
  std::string digest;
};

class ChainFile {
 public:
  ChainFile(std::string path, FileCalls calls) : path_(std::move(path)), calls_(std::move(calls)) {}

  // Locks, and takes up the chain where it ends now. A torn tail is cut off and told in torn().
  Result<void> hold();
  void release();

  // The following while held.
  [[nodiscard]] const Tail& tail() const { return tail_; }
  [[nodiscard]] uint64_t size() const {
    return size_;
  }  // of the open segment; 0: it must begin with its opening
  [[nodiscard]] const std::string& first_time() const { return first_time_; }
  [[nodiscard]] const Torn& torn() const { return torn_; }
  // Whole lines, the last of which makes the chain end at `after`.
  Result<void> append(std::string_view lines, const Tail& after);
  // The open segment gets its closed name; the next append() begins a new one.
  Result<void> close_segment();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Result<void> lock();
  Result<void> open();
  Result<void> take_up();
  Result<void> cut(uint64_t size);
  [[nodiscard]] bool is_current() const;
  Error system_error(int error, const std::string& doing) const;

  const std::string path_;
  const FileCalls calls_;
  Descriptor lock_, file_;
  uint64_t inode_ = 0;
  uint64_t size_ = 0;
  bool must_cut_ = false;  // what stands behind size_ is not to be trusted
  uint64_t first_seq_ = 0;
  std::string first_time_;
  Tail tail_;
  Torn torn_;
};

// The first and the last whole line of a file; nothing where it has none.
struct Ends {
  Line first, last;
  std::string last_hash;
  uint64_t whole_bytes = 0;  // up to the last line feed
  std::string torn;          // what stands behind it, the first 64 KiB
  uint64_t torn_bytes = 0;
};
Result<std::optional<Ends>> read_ends(int fd, const std::string& path);

// The closed segments of a stream, oldest first: full paths.
std::vector<std::string> closed_segments(const std::string& path);
// "audit.jsonl" for "audit.jsonl.000000000001-20260102"; the name itself where it is no closed segment's.
std::string base_of(const std::string& path);

}  // namespace edp::audit
