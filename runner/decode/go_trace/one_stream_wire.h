// The bytes of the one-stream formats (Go 1.11 to 1.21; read from 1.19 on): batches of processors, and events
// whose first byte says type and number of arguments. Go's src/internal/trace/internal/tracev1 says what they
// mean.
#pragma once

#include <array>
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
const Spec& spec_of(uint8_t type);

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

// Reads the event at `p`. kBatch, kString, kStack, kFrequency, kTimerGoroutine and kCpuSample are passed over
// (only their type is set). nullptr where all is well, else what is wrong.
const char* read_event(const Byte*& p, const Byte* end, Raw& raw);

// Reads a batch's header at `p`; false where there is none.
bool read_batch(const Byte*& p, const Byte* end, BatchStart& batch);

// Reads the arguments of any event at `p` (with time and stack, as they stand there) up to `max`.
const char* read_arguments(const Byte*& p, const Byte* end, uint64_t* args, size_t max, size_t& count);

}  // namespace edp::decode::go_trace::v1
