#include "runner/decode/go_trace/reader.h"
#include "runner/decode/go_trace/timeline_sink.h"
#include "tests/fuzz/fuzz.h"

// The first byte says in pieces of which size the rest is read: the size makes no difference.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace edp;
  if (size == 0) return 0;
  const std::string bytes = fuzz::bytes_of(data + 1, size - 1);
  const size_t piece = size_t{data[0]} + 1;
  decode::Decoded whole, pieces;
  const auto read = [&](decode::Decoded& decoded, size_t step) -> Result<void> {
    decode::go_trace::TimelineSink sink(fuzz::small_limits());
    decode::go_trace::TraceReader reader(sink);
    for (size_t at = 0; at < bytes.size(); at += step) {
      if (auto fed = reader.feed(std::string_view(bytes).substr(at, step)); !fed) return fed;
    }
    if (auto finished = reader.finish(); !finished) return finished;
    decoded.traces = sink.take();
    return {};
  };
  const bool ok = read(whole, bytes.size() + 1).has_value();
  fuzz::require(ok == read(pieces, piece).has_value());
  fuzz::require(whole.traces.size() == pieces.traces.size());
  for (size_t i = 0; i < whole.traces.size(); ++i) {
    fuzz::require(whole.traces[i].events == pieces.traces[i].events);
    fuzz::require(whole.traces[i].problems == pieces.traces[i].problems);
  }
  (void)fuzz::check(Result<decode::Decoded>(std::move(pieces)));
  return fuzz::check(Result<decode::Decoded>(std::move(whole)));
}
