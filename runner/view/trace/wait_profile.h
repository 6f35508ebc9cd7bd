// The four profiles that `go tool trace -pprof=` makes of a trace: how long goroutines were in a state, by
// the stack they came into it with.
#pragma once

#include <optional>
#include <string_view>

#include "runner/model/profile.h"
#include "runner/view/trace/slice_filter.h"

namespace edp::view {

enum class WaitKind { kNet, kSync, kSyscall, kSched };
std::optional<WaitKind> wait_kind(std::string_view name);  // "net", "sync", "syscall", "sched"

// What counts is what `go tool trace` counts: states that end within the trace, from a goroutine's first run
// on; and with a filter, those that it takes. Sample types are contentions (count) and delay (nanoseconds).
model::Profile wait_profile(const model::Timeline& timeline, WaitKind kind, const SliceFilter& filter);

}  // namespace edp::view
