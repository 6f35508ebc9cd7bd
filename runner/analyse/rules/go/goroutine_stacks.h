// Goroutines at one moment in one form, whether they came from a goroutine?debug=2 dump (ids, states,
// minutes) or from a goroutine profile (counts of equal stacks, no ids). Shared by the rules on locks and
// goroutines.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runner/analyse/symbols.h"
#include "runner/model/facts.h"
#include "runner/model/finding.h"

namespace edp::analyse::go {

using Frames = std::span<const model::GoroutineFrame>;  // leaf first

// What a goroutine waits for, as far as its state or its innermost frames tell.
enum class Wait : uint8_t {
  kRunning,  // running, runnable, or not known
  kLock,     // sync.Mutex or sync.RWMutex, not one inside a sync.Map
  kSyncMapLock,
  kChanSend,
  kChanReceive,
  kSelect,
  kNever,  // nil channel or select without cases: nothing can wake it
  kSleep,
  kNetwork,  // the network poller
  kSyscall,
  kOther,  // sync.Cond, sync.WaitGroup, the runtime's own goroutines, ...
};
std::string_view to_string(Wait wait);  // "a lock", "a channel send", ...

// Waiting for something outside the program's own locks and channels, or for another goroutine: who does so
// with a lock in hand holds the lock for as long.
bool is_external(Wait wait);

inline constexpr size_t kNoFrame = SIZE_MAX;

// A call of Lock, RLock, Unlock or RUnlock at the inner end of a stack.
struct LockCall {
  SymbolClass operation = SymbolClass::kNone;  // what the owner called
  size_t owner = kNoFrame;                     // the frame that called it
  uint64_t address = 0;                        // of the lock; 0 where the dump does not say
  bool inside_sync_map = false;
  bool inside_once = false;  // the lock of a sync.Once
  [[nodiscard]] bool found() const { return owner != kNoFrame; }
};
LockCall find_lock_call(Frames frames);

struct Stack {
  Frames frames;
  uint64_t id = 0;    // 0 in a profile
  int64_t count = 1;  // goroutines with this stack; 1 in a dump
  Wait wait = Wait::kRunning;
  int64_t wait_minutes = 0;
  LockCall lock;                                   // set where wait is kLock or kSyncMapLock
  const model::GoroutineFrame* created = nullptr;  // nullptr in a profile
};

struct Snapshot {
  Snapshot() = default;
  Snapshot(Snapshot&&) noexcept = default;  // no copies: stacks point into storage
  Snapshot& operator=(Snapshot&&) noexcept = default;

  double taken_at = 0;
  std::string_view artefact;
  bool is_dump = false;  // has ids, states and minutes
  std::vector<Stack> stacks;
  std::vector<uint64_t> ids;                                // dump only: of all goroutines, sorted
  std::vector<std::vector<model::GoroutineFrame>> storage;  // of frames that come from a profile
};

// All goroutine dumps and profiles (no deltas) of the facts, oldest first. EDP's own requests are left out.
std::vector<Snapshot> snapshots(const model::Facts& facts);

// A profile's stack as frames, inlined calls expanded.
std::vector<model::GoroutineFrame> expand(const model::Profile& profile, const model::Sample& sample);

// The first frame at or above `from` that is the user's own code; `from` itself where all are the library's.
size_t user_frame(Frames frames, size_t from);
// The innermost frame of the user's own code; kNoFrame where there is none.
size_t first_user_frame(Frames frames);

// "main.run" for "main.run.func2.1", "main.run.gowrap1" and "main.run-range1": the function as written in
// source.
std::string_view enclosing_function(std::string_view function);
// Where a lock or map that the function uses lives, as a guess: its receiver's type, else the function
// itself.
std::string_view place_of(std::string_view function);
bool has_receiver(std::string_view function);

// The first argument as a pointer: of a method, its receiver. 0 where there is none, or where Go marks it
// with
// '?' as possibly stale.
uint64_t first_pointer(std::string_view arguments);

model::SourceLocation location_of(const model::GoroutineFrame& frame, std::string role);

}  // namespace edp::analyse::go
