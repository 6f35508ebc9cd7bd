#include "runner/decode/go_trace/wire.h"

#include <array>

namespace edp::decode::go_trace {
namespace {

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

constexpr std::array<EventSpec, 256> kSpecs = make_specs();

}  // namespace

const EventSpec& spec_of(uint8_t type) { return kSpecs[type]; }

}  // namespace edp::decode::go_trace
