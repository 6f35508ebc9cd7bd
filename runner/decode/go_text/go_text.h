// Goroutine tracebacks as text: /debug/pprof/goroutine?debug=2, runtime.Stack, and what a Go program writes
// when it dies ("fatal error: concurrent map writes" or "panic: ..." and the stacks), also amid the lines of
// a log. The format is that of runtime/traceback.go (goroutineheader, traceback2, printcreatedby).
#pragma once

#include "runner/decode/decoder.h"

namespace edp::decode::go_text {

// A goroutine whose text is damaged or cut keeps what could be read of it, with a problem. Ancestors
// (GODEBUG=tracebackancestors) are left out.
Result<Decoded> decode_text(std::string bytes, const Limits& limits);

// Whether a goroutine's header, or the beginning of a crash, stands at the beginning of any line.
bool holds_traceback(std::string_view text);

}  // namespace edp::decode::go_text

namespace edp::decode {
Decoder go_text_decoder();
}  // namespace edp::decode
