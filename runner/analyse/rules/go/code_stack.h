// What one stack of a profile says about the line that asked for a map operation or for memory. Internal to
// code_lines.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runner/analyse/symbols.h"
#include "runner/model/profile.h"

namespace edp::analyse::go {

// What a line allocates by itself, not within a map operation.
enum class AllocKind : uint8_t { kObject, kInterface, kSlice, kString, kMap, kCount };

// A frame by its indices in the profile.
struct StackFrame {
  uint32_t function = model::kNone;
  int64_t line = 0;
  bool operator==(const StackFrame&) const = default;
};

struct CodeStack {
  StackFrame place;  // the first frame that is not plumbing; none where the stack ends in the runtime
  StackFrame user;   // the first that is not the standard library's either
  uint32_t entry = model::kNone;   // the library's function that `user` called, where it called one
  StackFrame inlined_into;         // what `place` was inlined into, where it was
  ClassSet classes;                // of the frames below `place`
  bool growth = false;             // of a map that is full; not its making
  bool first_or_overflow = false;  // the first bucket or group of a map, or one more for a full bucket
  bool split = false;              // swiss: a table of 1,024 slots was split
  bool generic_assign = false;     // mapassign, not mapassign_fast32, _fast64 or _faststr
  bool hashing = false, comparing = false, copying = false;
  bool write_barrier = false;  // the part of it that runs only while the collector marks
  bool gc_worker = false, gc_worker_told = false, gc_idle = false;  // told: dedicated, fractional or idle
  std::optional<AllocKind> kind;  // by the outermost allocating function below `place`

  [[nodiscard]] bool in_sync_map() const {
    return classes.intersects(kSyncMapClasses) || classes.intersects(kSyncMapInternalClasses);
  }
};

// Looks every function of a profile up once.
class StackReader {
 public:
  explicit StackReader(const model::Profile& profile);
  [[nodiscard]] CodeStack read(const model::Sample& sample) const;

 private:
  struct FunctionFacts {
    SymbolClass symbol_class = SymbolClass::kNone;
    bool plumbing = true, library = true;
    bool first_or_overflow = false, split = false, generic_assign = false;
    bool hashing = false, comparing = false, copying = false, write_barrier = false;
    bool gc_worker = false, gc_worker_told = false, gc_idle = false;
    std::optional<AllocKind> kind;
  };
  static FunctionFacts facts_of(const model::Function& function);
  void read_location(std::span<const model::Line> lines, CodeStack& stack) const;
  static void look_below(const FunctionFacts& facts, CodeStack& stack);

  const model::Profile& profile_;
  std::vector<FunctionFacts> functions_;
};

}  // namespace edp::analyse::go
