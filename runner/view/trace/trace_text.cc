// The summary as text.
#include <algorithm>
#include <cstdio>

#include "runner/view/measure.h"
#include "runner/view/trace/trace_summary.h"

namespace edp::view {

using model::GoSlice;
using model::kNone;
using model::RangeKind;
using model::Timeline;

namespace {

std::string grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string time(int64_t ns) { return ns == 0 ? "0" : scaled_label(ns, "nanoseconds", "auto"); }
std::string bytes(uint64_t size) { return scaled_label(static_cast<int64_t>(size), "bytes", "auto"); }

std::string pad(std::string text, size_t width, bool right = false) {
  if (text.size() < width) text.insert(right ? 0 : text.size(), width - text.size(), ' ');
  return text;
}

std::string plural(uint64_t count, const std::string& noun) {
  return grouped(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string place(const Timeline& timeline, uint32_t stack) {
  const uint32_t frame = telling_frame(timeline, stack);
  if (frame == kNone) return {};
  const model::TraceFrame& at = timeline.frames[frame];
  const std::string_view file = timeline.text(at.file);
  return std::string(timeline.text(at.function)) + " " + std::string(file.substr(file.rfind('/') + 1)) + ":" +
         std::to_string(at.line);
}

std::string head(const TraceSummary& summary, const Timeline& timeline, const std::string& name) {
  std::string text = name + ": a trace in the format of Go 1." + std::to_string(timeline.go_minor) + ", " +
                     bytes(timeline.bytes) + ", " + time(timeline.end) + ", " +
                     plural(timeline.event_count(), "event");
  if (timeline.generations.size() > 1) text += ", " + plural(timeline.generations.size(), "generation");
  text += "\n" + plural(timeline.goroutines.size(), "goroutine") + ", " +
          plural(timeline.procs.size(), "processor") + ", " + plural(timeline.threads.size(), "thread");
  if (summary.gomaxprocs.any) {
    text += ", GOMAXPROCS " + std::to_string(summary.gomaxprocs.least);
    if (summary.gomaxprocs.most != summary.gomaxprocs.least)
      text += " to " + std::to_string(summary.gomaxprocs.most);
  }
  if (!timeline.cpu_samples.empty()) text += ", " + plural(timeline.cpu_samples.size(), "CPU sample");
  if (summary.heap_live.any) {
    text += "\nheap " + bytes(summary.heap_live.least) + " to " + bytes(summary.heap_live.most);
    if (summary.heap_goal.any) {
      text += ", goal " + bytes(summary.heap_goal.least) + " to " + bytes(summary.heap_goal.most);
    }
  }
  return text + "\n";
}

// "mark assist", "stop the world: read mem stats".
std::string range_name(const RangeTotal& range, const Timeline& timeline) {
  std::string name(model::to_string(range.kind));
  std::ranges::replace(name, '_', ' ');
  if (range.text != kNone) name += ": " + std::string(timeline.text(range.text));
  return name;
}

void add_row(std::string& text, const std::string& name, uint64_t count, int64_t total, int64_t longest) {
  text += pad(name, 44) + pad(grouped(count), 12, true) + pad(time(total), 12, true) +
          pad(time(longest), 12, true) + "\n";
}

}  // namespace

std::string summary_text(const TraceSummary& summary, const Timeline& timeline, const std::string& name) {
  std::string text = head(summary, timeline, name);
  const std::string columns =
      pad("count", 12, true) + pad("total", 12, true) + pad("longest", 12, true) + "\n";
  if (!summary.ranges.empty()) {
    text += "\n" + pad("meanwhile", 44) + columns;
    for (const RangeTotal& range : summary.ranges) {
      add_row(text, range_name(range, timeline), range.count, range.total, range.longest);
    }
  }
  text += "\n" + pad("states of " + plural(summary.goroutines, "goroutine"), 44) + columns;
  for (const StateTotal& state : summary.states) {
    std::string label(model::to_string(state.state));
    if (state.reason != kNone && !timeline.text(state.reason).empty())
      label += ": " + std::string(timeline.text(state.reason));
    add_row(text, label, state.count, state.total, state.longest);
  }
  if (!summary.longest.empty()) text += "\nlongest\n";
  for (const LongSlice& item : summary.longest) {
    const GoSlice& slice = item.slice;
    const model::TraceGoroutine& goroutine = timeline.goroutines[item.goroutine];
    text += pad(time(slice.duration()), 10, true) + " from " + pad(time(slice.begin), 10) + " goroutine " +
            std::to_string(goroutine.id) + " (" + std::string(timeline.text(goroutine.function)) + ") " +
            std::string(model::to_string(slice.state));
    if (slice.reason != kNone && !timeline.text(slice.reason).empty())
      text += ": " + std::string(timeline.text(slice.reason));
    if (const std::string at = place(timeline, slice.stack); !at.empty()) text += ", at " + at;
    if (slice.by != kNone) text += ", by goroutine " + std::to_string(timeline.goroutines[slice.by].id);
    if (const std::string at = place(timeline, slice.by_stack); !at.empty()) text += " at " + at;
    text += "\n";
  }
  return text;
}

}  // namespace edp::view
