// The goroutines of a process at one moment, as Go prints them (goroutine?debug=2, or a panic's traceback).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace edp::model {

struct GoroutineFrame {
  std::string_view function;  // "main.(*Store).Put", without arguments
  // The words between the parentheses as Go prints them: "0xc000012070, {0x6f1a2e, 0x3}, 0x1?, ...". The only
  // place where a dump names the lock, map or channel itself: it tells 64 shards' locks on one line from one
  // convoy. A trailing '?' marks a value that may be stale. Empty for created_by.
  std::string_view arguments;
  std::string_view file;
  int64_t line = 0;
};

struct Goroutine {
  uint64_t id = 0;
  std::string_view state;    // "running", "chan receive", "sync.Mutex.Lock", "semacquire", ...
  int64_t wait_minutes = 0;  // Go prints whole minutes, from one minute on; 0 otherwise
  bool locked_to_thread = false;
  bool frames_elided = false;          // "...additional frames elided..."
  std::vector<GoroutineFrame> frames;  // leaf first
  GoroutineFrame created_by;           // function empty for the main goroutine
  uint64_t creator_id = 0;             // from Go 1.21 on, else 0
};

struct Goroutines {
  std::vector<Goroutine> list;
  std::string_view
      fatal_error;         // the text after "fatal error: " or "panic: " where the dump is a crash's output
  bool truncated = false;  // Go cuts debug=2 at 64 MB; or a goroutine could not be read
  std::vector<std::string> problems;  // what could not be read, with offset
  std::shared_ptr<const void> storage;
};

}  // namespace edp::model
