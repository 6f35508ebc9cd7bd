// A word in a file that whoever mounts it may change at any time.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/mutex.h"
#include "common/result.h"

namespace edp::serve {

// Equal without telling by its time how much of it is.
bool same_secret(std::string_view a, std::string_view b);

class SecretFile {
 public:
  // Read again when the last look is older than `keep`.
  SecretFile(std::string path, std::chrono::milliseconds keep) : path_(std::move(path)), keep_(keep) {}

  // Without the white space around it. An error where it can't be read, or is empty; while it can't be read,
  // the last good one is not used.
  Result<std::string> get();
  // The next get() reads the file.
  void forget();

 private:
  const std::string path_;
  const std::chrono::milliseconds keep_;
  Mutex mutex_;
  std::string word_ EDP_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point read_at_ EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::serve
