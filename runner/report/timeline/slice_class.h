// What a goroutine's state means to somebody who looks for lost time: the colours of the page's timeline.
#pragma once

#include <cstdint>
#include <string_view>

#include "runner/model/timeline.h"

namespace edp::report {

enum class SliceClass : uint8_t {
  kNone,      // does not exist, or nothing is known
  kRunning,   // has a processor
  kRunnable,  // could run, waits for a processor
  kLock,      // waits for a mutex or a condition
  kChannel,   // waits for others: a channel, a wait group
  kIdle,      // waits for the network, a timer, or work of the runtime
  kSyscall,
  kGc,  // the collector makes it wait
};
inline constexpr size_t kSliceClasses = 8;

SliceClass slice_class(model::GoState state, std::string_view reason);

}  // namespace edp::report
