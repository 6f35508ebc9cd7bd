// Reads a trace of the one-stream formats (Go 1.19 to 1.21) and hands its events on as those of the
// generation format: what golang.org/x/exp/trace makes of them, quirks included, so that both can be
// compared.
//
// The strings' and stacks' tables and the clock's frequency stand at the end, so all bytes are needed at
// once. They are gone through three times: to find batches and tables; to put events in order, of which only
// the sequence of processors is kept; to hand them on.
#pragma once

#include <string_view>

#include "runner/decode/go_trace/event.h"
#include "runner/decode/go_trace/pages.h"

namespace edp::decode::go_trace {

// `bytes` is what follows the header of a trace, up to the end or to the next header.
// They are released as their events are handed on.
void read_one_stream(std::string_view bytes, int go_minor, EventSink& sink, Releaser& releaser);

}  // namespace edp::decode::go_trace
