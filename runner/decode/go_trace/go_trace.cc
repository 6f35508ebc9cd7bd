#include "runner/decode/go_trace/go_trace.h"

#include "runner/decode/go_trace/reader.h"
#include "runner/decode/go_trace/timeline_sink.h"

namespace edp::decode {
namespace {

Result<Decoded> decode_trace(std::string bytes, const Limits& limits) {
  go_trace::TimelineSink sink(limits);
  go_trace::TraceReader reader(sink);
  if (auto read = reader.read_all(std::move(bytes)); !read) return tl::unexpected(read.error());
  Decoded decoded;
  decoded.format = "go_trace";
  decoded.traces = sink.take();
  for (const model::Timeline& trace : decoded.traces) {
    decoded.problems.insert(decoded.problems.end(), trace.problems.begin(), trace.problems.end());
  }
  return decoded;
}

}  // namespace

Decoder go_trace_decoder() {
  return {.format = "go_trace", .sniff = go_trace::sniff, .decode = decode_trace};
}

}  // namespace edp::decode
