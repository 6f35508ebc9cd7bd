// The bytes of a trace: event types of the generation formats (Go's src/internal/trace/tracev2) with what
// each carries, and variable-length numbers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

// Tens of millions of events go through these.
#define EDP_HOT [[gnu::always_inline]] inline

namespace edp::decode::go_trace {

using Byte = unsigned char;

enum EventType : uint8_t {
  // Structure.
  kNoEvent,
  kEventBatch,
  kStacks,
  kStack,
  kStrings,
  kString,
  kCpuSamples,
  kCpuSample,
  kFrequency,
  // Processors.
  kProcsChange,
  kProcStart,
  kProcStop,
  kProcSteal,
  kProcStatus,
  // Goroutines.
  kGoCreate,
  kGoCreateSyscall,
  kGoStart,
  kGoDestroy,
  kGoDestroySyscall,
  kGoStop,
  kGoBlock,
  kGoUnblock,
  kGoSyscallBegin,
  kGoSyscallEnd,
  kGoSyscallEndBlocked,
  kGoStatus,
  // Garbage collection, and the world stopped.
  kStwBegin,
  kStwEnd,
  kGcActive,
  kGcBegin,
  kGcEnd,
  kGcSweepActive,
  kGcSweepBegin,
  kGcSweepEnd,
  kGcMarkAssistActive,
  kGcMarkAssistBegin,
  kGcMarkAssistEnd,
  kHeapAlloc,
  kHeapGoal,
  // What programs add.
  kGoLabel,
  kUserTaskBegin,
  kUserTaskEnd,
  kUserRegionBegin,
  kUserRegionEnd,
  kUserLog,
  // From Go 1.23 on.
  kGoSwitch,
  kGoSwitchDestroy,
  kGoCreateBlocked,
  kGoStatusStack,
  kExperimentalBatch,
  // From Go 1.25 on.
  kSync,
  kClockSnapshot,
  // From Go 1.26 on.
  kEndOfGeneration,
  // GODEBUG=traceallocfree=1, from Go 1.23 on.
  kSpan = 128,
  kSpanAlloc,
  kSpanFree,
  kHeapObject,
  kHeapObjectAlloc,
  kHeapObjectFree,
  kGoroutineStack,
  kGoroutineStackAlloc,
  kGoroutineStackFree,
  kEventTypeEnd,
};

inline constexpr size_t kMaxArgs = 4;  // beside the time

// What an event of a thread's stream carries. Arguments are counted from 0, without the time; -1: none.
struct EventSpec {
  std::string_view name;
  int8_t args = -1;  // how many; -1: is no event of a thread's stream
  int8_t stack = -1, new_stack = -1;
  int8_t text = -1, text2 = -1;
};

constexpr std::array<EventSpec, 256> make_specs() {
  std::array<EventSpec, 256> s{};
  s[kProcsChange] = {"ProcsChange", 2, 1};
  s[kProcStart] = {"ProcStart", 2};
  s[kProcStop] = {"ProcStop", 0};
  s[kProcSteal] = {"ProcSteal", 3};
  s[kProcStatus] = {"ProcStatus", 2};
  s[kGoCreate] = {"GoCreate", 3, 2, 1};
  s[kGoCreateSyscall] = {"GoCreateSyscall", 1};
  s[kGoStart] = {"GoStart", 2};
  s[kGoDestroy] = {"GoDestroy", 0};
  s[kGoDestroySyscall] = {"GoDestroySyscall", 0};
  s[kGoStop] = {"GoStop", 2, 1, -1, 0};
  s[kGoBlock] = {"GoBlock", 2, 1, -1, 0};
  s[kGoUnblock] = {"GoUnblock", 3, 2};
  s[kGoSyscallBegin] = {"GoSyscallBegin", 2, 1};
  s[kGoSyscallEnd] = {"GoSyscallEnd", 0};
  s[kGoSyscallEndBlocked] = {"GoSyscallEndBlocked", 0};
  s[kGoStatus] = {"GoStatus", 3};
  s[kStwBegin] = {"STWBegin", 2, 1, -1, 0};
  s[kStwEnd] = {"STWEnd", 0};
  s[kGcActive] = {"GCActive", 1};
  s[kGcBegin] = {"GCBegin", 2, 1};
  s[kGcEnd] = {"GCEnd", 1};
  s[kGcSweepActive] = {"GCSweepActive", 1};
  s[kGcSweepBegin] = {"GCSweepBegin", 1, 0};
  s[kGcSweepEnd] = {"GCSweepEnd", 2};
  s[kGcMarkAssistActive] = {"GCMarkAssistActive", 1};
  s[kGcMarkAssistBegin] = {"GCMarkAssistBegin", 1, 0};
  s[kGcMarkAssistEnd] = {"GCMarkAssistEnd", 0};
  s[kHeapAlloc] = {"HeapAlloc", 1};
  s[kHeapGoal] = {"HeapGoal", 1};
  s[kGoLabel] = {"GoLabel", 1, -1, -1, 0};
  s[kUserTaskBegin] = {"UserTaskBegin", 4, 3, -1, 2};
  s[kUserTaskEnd] = {"UserTaskEnd", 2, 1};
  s[kUserRegionBegin] = {"UserRegionBegin", 3, 2, -1, 1};
  s[kUserRegionEnd] = {"UserRegionEnd", 3, 2, -1, 1};
  s[kUserLog] = {"UserLog", 4, 3, -1, 1, 2};
  s[kGoSwitch] = {"GoSwitch", 2};
  s[kGoSwitchDestroy] = {"GoSwitchDestroy", 2};
  s[kGoCreateBlocked] = {"GoCreateBlocked", 3, 2, 1};
  s[kGoStatusStack] = {"GoStatusStack", 4, 3};
  s[kSpan] = {"Span", 3};
  s[kSpanAlloc] = {"SpanAlloc", 3};
  s[kSpanFree] = {"SpanFree", 1};
  s[kHeapObject] = {"HeapObject", 2};
  s[kHeapObjectAlloc] = {"HeapObjectAlloc", 2};
  s[kHeapObjectFree] = {"HeapObjectFree", 1};
  s[kGoroutineStack] = {"GoroutineStack", 2};
  s[kGoroutineStackAlloc] = {"GoroutineStackAlloc", 2};
  s[kGoroutineStackFree] = {"GoroutineStackFree", 1};
  // Structure; named for messages.
  s[kCpuSample].name = "CPUSample";
  s[kSync].name = "Sync";
  return s;
}

inline constexpr std::array<EventSpec, 256> kEventSpecs = make_specs();
inline constexpr const EventSpec& spec_of(uint8_t type) { return kEventSpecs[type]; }

// EventSpec::args, close together.
inline constexpr std::array<int8_t, 256> kArgumentCounts = [] {
  std::array<int8_t, 256> counts{};
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = kEventSpecs[i].args;
  return counts;
}();

inline constexpr size_t kMaxBatch = 64 << 10;
inline constexpr size_t kMaxText = 1 << 10;
inline constexpr size_t kMaxFrames = 128;

// Reads a number; false (and `p` anywhere) where it is longer than 64 bits. Up to 10 bytes from `p` on must
// be readable, whether they belong to the number or not.
inline bool read_varint_unchecked(const Byte*& p, uint64_t& value) {
  uint64_t byte = *p++;
  if (byte < 0x80) {
    value = byte;
    return true;
  }
  uint64_t result = byte & 0x7f;
  for (unsigned shift = 7; shift < 63; shift += 7) {
    byte = *p++;
    result |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      value = result;
      return true;
    }
  }
  byte = *p++;
  value = result | byte << 63;
  return byte <= 1;
}

// Reads within bounds.
class ByteReader {
 public:
  ByteReader(const Byte* begin, const Byte* end) : p_(begin), end_(end) {}

  [[nodiscard]] bool empty() const { return p_ == end_; }
  [[nodiscard]] const Byte* at() const { return p_; }
  [[nodiscard]] size_t left() const { return static_cast<size_t>(end_ - p_); }

  bool byte(uint8_t& value) {
    if (p_ == end_) return false;
    value = *p_++;
    return true;
  }
  bool varint(uint64_t& value) {
    uint64_t result = 0;
    const Byte* q = p_;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (q == end_) return false;
      const Byte b = *q++;
      if (shift == 63 && b > 1) return false;
      result |= uint64_t{b & 0x7fU} << shift;
      if (b < 0x80) {
        p_ = q;
        value = result;
        return true;
      }
    }
    return false;
  }
  bool bytes(size_t size, std::string_view& value) {
    if (left() < size) return false;
    value = {reinterpret_cast<const char*>(p_), size};
    p_ += size;
    return true;
  }

 private:
  const Byte* p_;
  const Byte* end_;
};

}  // namespace edp::decode::go_trace
