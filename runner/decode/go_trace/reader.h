// Reads a trace, of any format, in pieces that end anywhere: from a file or a socket, without holding more
// than the largest generation (of the one-stream formats: than the trace's bytes).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"
#include "runner/decode/go_trace/event.h"
#include "runner/decode/go_trace/pages.h"

namespace edp::decode::go_trace {

class GenerationReader;

// Whether the bytes are the header of a trace, of any version of Go: "go 1.23 trace\0\0\0".
bool sniff(std::string_view prefix);

// What can't be read is told to the sink as a problem, and reading goes on behind it. Traces that follow each
// other in one input are told one after the other. In which pieces the bytes come makes no difference,
// whatever they are.
class TraceReader {
 public:
  explicit TraceReader(EventSink& sink);
  ~TraceReader();
  TraceReader(const TraceReader&) = delete;
  TraceReader& operator=(const TraceReader&) = delete;

  // Errors: the bytes are no trace, or one of a version that is not read.
  Result<void> feed(std::string_view bytes);
  Result<void> finish();
  // All of it in one call; the bytes are not copied, and go as they have been read.
  Result<void> read_all(std::string bytes);

 private:
  enum class Next { kHeader, kAnyHeader, kBatches, kOneStream };

  // Reads from the front of `bytes`, which stand at offset_, what can be read; gives how many bytes that was.
  // The last bytes are this reader's own, and are released.
  Result<size_t> read(std::string_view bytes, bool last);
  Result<void> read_header(std::string_view header);
  void end_generations(size_t left);

  EventSink& sink_;
  GrowingBytes pending_;  // what more bytes must follow
  uint64_t offset_ = 0;   // in the input, of what has not been read
  uint64_t begin_ = 0;    // of the trace in the input
  Next next_ = Next::kHeader;
  int go_minor_ = 0;  // of the trace
  std::unique_ptr<GenerationReader> generations_;
  bool any_ = false;
};

}  // namespace edp::decode::go_trace
