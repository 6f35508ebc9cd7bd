// An execution trace in Perfetto's native format, for ui.perfetto.dev and trace_processor: a track a
// goroutine under its function, a track a processor, ranges, counters, and a flow from who lets a goroutine
// go to it.
#pragma once

#include <string_view>

#include "runner/model/timeline.h"
#include "runner/report/perfetto/writer.h"

namespace edp::report {

// Times are nanoseconds since the trace began; where the trace tells the wall clock, so does a clock
// snapshot. False where the sink could take no more.
bool write_perfetto(const model::Timeline& timeline, std::string_view process, perfetto::Sink sink);

}  // namespace edp::report
