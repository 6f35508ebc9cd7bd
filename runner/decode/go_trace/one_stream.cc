#include "runner/decode/go_trace/one_stream.h"

#include "runner/decode/go_trace/one_stream_converter.h"

namespace edp::decode::go_trace {

void read_one_stream(std::string_view bytes, int go_minor, EventSink& sink, Releaser& releaser) {
  constexpr uint64_t kHeader = 16;
  v1::Index index = v1::make_index(bytes);
  for (std::string& problem : index.problems) sink.on_problem(std::move(problem));
  if (index.ticks_per_second == 0) {
    sink.on_problem(
        "the clock's frequency is missing, which stands at the end: times are ticks, not nanoseconds");
  }
  const v1::Order order = v1::make_order(index);
  for (const std::string& problem : order.problems) sink.on_problem(problem);
  v1::Converter converter(index, order, go_minor, sink);
  const bool whole = converter.run(releaser);
  if (!whole) sink.on_problem("events contradict each other: " + converter.error());
  if (!whole || !order.complete) {
    sink.on_problem("the trace's events up to " + std::to_string(converter.last_time() / 1'000'000) +
                    " ms were read");
  }
  sink.on_trace_end(converter.end(), kHeader + bytes.size());
}

}  // namespace edp::decode::go_trace
