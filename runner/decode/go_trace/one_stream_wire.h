// The bytes of the one-stream formats (Go 1.11 to 1.21; read from 1.19 on): batches of processors, and events
// whose first byte says type and number of arguments. Go's src/internal/trace/internal/tracev1 says what they
// mean.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "runner/decode/go_trace/wire.h"

namespace edp::decode::go_trace::v1 {

enum Type : uint8_t {
  kNoType,
  kBatch,
  kFrequency,
  kStack,
  kGomaxprocs,
  kProcStart,
  kProcStop,
  kGcStart,
  kGcDone,
  kStwStart,
  kStwDone,
  kGcSweepStart,
  kGcSweepDone,
  kGoCreate,
  kGoStart,
  kGoEnd,
  kGoStop,
  kGoSched,
  kGoPreempt,
  kGoSleep,
  kGoBlock,
  kGoUnblock,
  kGoBlockSend,
  kGoBlockRecv,
  kGoBlockSelect,
  kGoBlockSync,
  kGoBlockCond,
  kGoBlockNet,
  kGoSysCall,
  kGoSysExit,
  kGoSysBlock,
  kGoWaiting,
  kGoInSyscall,
  kHeapAlloc,
  kHeapGoal,
  kTimerGoroutine,
  kFutileWakeup,
  kString,
  kGoStartLocal,
  kGoUnblockLocal,
  kGoSysExitLocal,
  kGoStartLabel,
  kGoBlockGc,
  kGcMarkAssistStart,
  kGcMarkAssistDone,
  kUserTaskCreate,
  kUserTaskEnd,
  kUserRegion,
  kUserLog,
  kCpuSample,
  kTypeEnd,
};

struct Spec {
  int8_t args = 0;  // beside time and stack
  bool has_stack = false;
  bool is_timed = true;
};
constexpr std::array<Spec, 64> make_specs() {
  std::array<Spec, 64> s{};
  s[kBatch] = {2, false, false};
  s[kString] = {0, false, false};
  s[kStack] = {0, false, false};
  s[kFrequency] = {1, false, false};
  s[kTimerGoroutine] = {1, false, false};
  s[kGomaxprocs] = {1, true};
  s[kProcStart] = {1};
  s[kGcStart] = {1, true};
  s[kStwStart] = {1};
  s[kGcSweepStart] = {0, true};
  s[kGcSweepDone] = {2};
  s[kGoCreate] = {2, true};
  s[kGoStart] = {2};
  for (const Type type :
       {kGoStop, kGoSched, kGoPreempt, kGoSleep, kGoBlock, kGoBlockSend, kGoBlockRecv, kGoBlockSelect,
        kGoBlockSync, kGoBlockCond, kGoBlockNet, kGoSysCall, kGoBlockGc, kGcMarkAssistStart}) {
    s[type] = {0, true};
  }
  s[kGoUnblock] = {2, true};
  s[kGoSysExit] = {3};
  s[kGoWaiting] = {1};
  s[kGoInSyscall] = {1};
  s[kHeapAlloc] = {1};
  s[kHeapGoal] = {1};
  s[kGoStartLocal] = {1};
  s[kGoUnblockLocal] = {1, true};
  s[kGoSysExitLocal] = {2};
  s[kGoStartLabel] = {3};
  s[kUserTaskCreate] = {3, true};
  s[kUserTaskEnd] = {1, true};
  s[kUserRegion] = {3, true};
  s[kUserLog] = {2, true};
  s[kCpuSample] = {3, true};
  return s;
}

inline constexpr std::array<Spec, 64> kSpecs = make_specs();
inline const Spec& spec_of(uint8_t type) { return kSpecs[type & 63]; }

// The processors that the converter of golang.org/x/exp/trace gives events that happen on none.
inline constexpr int64_t kTimerProc = 1'000'001, kNetpollProc = 1'000'002, kSyscallProc = 1'000'003,
                         kGcProc = 1'000'004, kFirstFakeProc = 1'000'000;

struct Raw {
  Type type = kNoType;
  uint64_t ticks = 0;              // since the processor's last event
  std::array<uint64_t, 4> args{};  // less time and stack
  uint32_t stack = 0;
  std::string_view text;  // kUserLog: the message
};

// What a batch's header says.
struct BatchStart {
  int64_t proc = -1;
  uint64_t ticks = 0;
};

// By first byte: how many numbers follow (time, arguments, stack) where the event is an ordinary one, of few
// numbers; else 0.
inline constexpr std::array<uint8_t, 256> kQuick = [] {
  std::array<uint8_t, 256> counts{};
  for (size_t first = 0; first < 256; ++first) {
    const Spec& spec = kSpecs[first & 63];
    const size_t expected = static_cast<size_t>(spec.args) + (spec.has_stack ? 1 : 0) + 1;
    const bool known = (first & 63) > kNoType && (first & 63) < kTypeEnd;
    if (known && spec.is_timed && expected == (first >> 6) + 1 && expected <= 3)
      counts[first] = static_cast<uint8_t>(expected);
  }
  return counts;
}();
inline constexpr ptrdiff_t kQuickBytes = 1 + 3 * 10;

const char* read_any_event(const Byte*& p, const Byte* end, Raw& raw);

// Reads the event at `p`. kBatch, kString, kStack, kFrequency, kTimerGoroutine and kCpuSample are passed over
// (only their type is set). nullptr where all is well, else what is wrong.
inline const char* read_event(const Byte*& p, const Byte* end, Raw& raw) {
  const size_t count = kQuick[*p];
  if (count == 0 || end - p < kQuickBytes) return read_any_event(p, end, raw);
  const Byte* q = p + 1;
  raw.type = static_cast<Type>(*p & 63);
  const Spec& spec = kSpecs[raw.type];
  uint64_t last = 0;
  bool ok = read_varint_unchecked(q, raw.ticks);
  for (size_t i = 1; i < count; ++i) {
    ok &= read_varint_unchecked(q, last);
    raw.args[i - 1] = last;
  }
  raw.stack = spec.has_stack ? static_cast<uint32_t>(last) : 0;
  if (!ok) return "an event has a number longer than 64 bits";
  p = q;
  return nullptr;
}

// As read_event(), of which only the type is wanted.
inline const char* skip_event(const Byte*& p, const Byte* end, Raw& raw) {
  const size_t count = kQuick[*p];
  if (count == 0 || end - p < kQuickBytes) return read_any_event(p, end, raw);
  const Byte* q = p + 1;
  for (size_t i = 0; i < count; ++i) {
    const Byte* limit = q + 9;
    while (*q >= 0x80 && q != limit) ++q;
    if (*q > (q == limit ? 1 : 0x7f)) return "an event has a number longer than 64 bits";
    ++q;
  }
  p = q;
  return nullptr;
}

// Reads a batch's header at `p`; false where there is none.
bool read_batch(const Byte*& p, const Byte* end, BatchStart& batch);

// Reads the arguments of any event at `p` (with time and stack, as they stand there) up to `max`.
const char* read_arguments(const Byte*& p, const Byte* end, uint64_t* args, size_t max, size_t& count);

}  // namespace edp::decode::go_trace::v1
