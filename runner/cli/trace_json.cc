#include "runner/cli/trace_json.h"

#include <nlohmann/json.hpp>

namespace edp::cli {

using model::kNone;
using model::Timeline;
using nlohmann::ordered_json;

namespace {

ordered_json stack(const Timeline& timeline, uint32_t index) {
  ordered_json frames = ordered_json::array();
  for (const uint32_t i : timeline.stack(index)) {
    const model::TraceFrame& frame = timeline.frames[i];
    frames.push_back({{"function", timeline.text(frame.function)},
                      {"file", timeline.text(frame.file)},
                      {"line", frame.line}});
  }
  return frames;
}

ordered_json extremes(const view::Extremes& figure) {
  if (!figure.any) return nullptr;
  return {{"least", figure.least}, {"most", figure.most}};
}

ordered_json long_slice(const view::LongSlice& item, const Timeline& timeline) {
  const model::GoSlice& slice = item.slice;
  const model::TraceGoroutine& goroutine = timeline.goroutines[item.goroutine];
  ordered_json json = {{"goroutine", goroutine.id},
                       {"function", timeline.text(goroutine.function)},
                       {"state", model::to_string(slice.state)},
                       {"reason", timeline.text(slice.reason)},
                       {"cause", model::to_string(slice.cause)},
                       {"begin_ns", slice.begin},
                       {"duration_ns", slice.duration()},
                       {"stack", stack(timeline, slice.stack)}};
  if (slice.by != kNone) json["by"] = timeline.goroutines[slice.by].id;
  if (slice.by_stack != kNone) json["by_stack"] = stack(timeline, slice.by_stack);
  return json;
}

ordered_json trace_json(const view::TraceSummary& summary, const Timeline& timeline) {
  ordered_json kinds = ordered_json::object();
  for (size_t i = 0; i < model::kEventKinds; ++i) {
    if (timeline.events[i] != 0)
      kinds[std::string(model::to_string(static_cast<model::EventKind>(i)))] = timeline.events[i];
  }
  ordered_json generations = ordered_json::array();
  for (const model::TraceGeneration& generation : timeline.generations) {
    generations.push_back({{"number", generation.number},
                           {"offset", generation.offset},
                           {"events", generation.events},
                           {"begin_ns", generation.begin},
                           {"end_ns", generation.end},
                           {"broken", generation.broken}});
  }
  ordered_json states = ordered_json::array();
  for (const view::StateTotal& state : summary.states) {
    states.push_back({{"state", model::to_string(state.state)},
                      {"reason", timeline.text(state.reason)},
                      {"count", state.count},
                      {"total_ns", state.total},
                      {"longest_ns", state.longest}});
  }
  ordered_json ranges = ordered_json::array();
  for (const view::RangeTotal& range : summary.ranges) {
    ranges.push_back({{"kind", model::to_string(range.kind)},
                      {"reason", timeline.text(range.text)},
                      {"count", range.count},
                      {"total_ns", range.total},
                      {"longest_ns", range.longest}});
  }
  ordered_json longest = ordered_json::array();
  for (const view::LongSlice& item : summary.longest) longest.push_back(long_slice(item, timeline));
  ordered_json json = {{"format", "go 1." + std::to_string(timeline.go_minor)},
                       {"bytes", timeline.bytes},
                       {"duration_ns", timeline.end},
                       {"events", timeline.event_count()},
                       {"events_by_kind", kinds},
                       {"goroutines", timeline.goroutines.size()},
                       {"goroutines_shown", summary.goroutines},
                       {"goroutines_alive", summary.alive},
                       {"processors", timeline.procs.size()},
                       {"threads", timeline.threads.size()},
                       {"stacks", timeline.stack_count()},
                       {"cpu_samples", timeline.cpu_samples.size()},
                       {"gomaxprocs", extremes(summary.gomaxprocs)},
                       {"heap_live_bytes", extremes(summary.heap_live)},
                       {"heap_goal_bytes", extremes(summary.heap_goal)},
                       {"generations", generations},
                       {"states", states},
                       {"ranges", ranges},
                       {"longest", longest},
                       {"memory_bytes", timeline.memory()},
                       {"problems", timeline.problems}};
  if (const auto wall = timeline.wall_ns(0)) json["began_at_unix_ns"] = *wall;
  return json;
}

}  // namespace

std::string to_json(const std::vector<std::pair<view::TraceSummary, const Timeline*>>& traces,
                    const std::string& file) {
  ordered_json document = {{"file", file}};
  ordered_json further = ordered_json::array();
  for (size_t i = 0; i < traces.size(); ++i) {
    ordered_json json = trace_json(traces[i].first, *traces[i].second);
    if (i == 0) {
      document.update(json);
    } else {
      further.push_back(std::move(json));
    }
  }
  if (!further.empty()) document["further"] = std::move(further);
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace edp::cli
