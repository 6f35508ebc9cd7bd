#include "runner/report/timeline/slice_class.h"

namespace edp::report {
namespace {

SliceClass wait_class(std::string_view reason) {
  if (reason == "sync" || reason.starts_with("sync.")) return SliceClass::kLock;
  if (reason.starts_with("chan") || reason.starts_with("select")) return SliceClass::kChannel;
  // The runtime's own sweeper without work: nobody waits in vain.
  if (reason == "GC background sweeper wait") return SliceClass::kIdle;
  // "preempted" as a wait is a goroutine held still while its stack is scanned.
  if (reason == "preempted" || reason.find("GC") != std::string_view::npos) return SliceClass::kGc;
  return SliceClass::kIdle;
}

}  // namespace

SliceClass slice_class(model::GoState state, std::string_view reason) {
  switch (state) {
    case model::GoState::kRunning:
      return SliceClass::kRunning;
    case model::GoState::kRunnable:
      return SliceClass::kRunnable;
    case model::GoState::kSyscall:
      return SliceClass::kSyscall;
    case model::GoState::kWaiting:
      return wait_class(reason);
    case model::GoState::kUndetermined:
    case model::GoState::kNotExist:
      break;
  }
  return SliceClass::kNone;
}

}  // namespace edp::report
