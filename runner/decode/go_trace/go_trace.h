// Execution traces of Go (runtime/trace, /debug/pprof/trace), of every format from Go 1.19 on. TraceReader
// (reader.h) reads one without keeping it.
#pragma once

#include "runner/decode/decoder.h"

namespace edp::decode {
Decoder go_trace_decoder();
}  // namespace edp::decode
