#include "runner/analyse/testing/case_trace.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "runner/analyse/testing/case_profile.h"

namespace edp::analyse::testing {
namespace {

using model::GoCause;
using model::GoState;
using model::kNone;

std::optional<int64_t> time_of(std::string_view word) {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return static_cast<int64_t>(std::llround(value * 1e6));
}

std::optional<uint64_t> natural(std::string_view word) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

// "7" or "7-18".
std::vector<uint64_t> ids_of(std::string_view word) {
  const size_t dash = word.find('-');
  const std::optional<uint64_t> first = natural(word.substr(0, dash));
  const std::optional<uint64_t> last =
      dash == std::string_view::npos ? first : natural(word.substr(dash + 1));
  std::vector<uint64_t> ids;
  if (first && last) {
    for (uint64_t id = *first; id <= *last; ++id) ids.push_back(id);
  }
  return ids;
}

std::string rest_of(const std::vector<std::string_view>& words, size_t from) {
  std::string text;
  for (size_t i = from; i < words.size(); ++i) text += (i > from ? " " : "") + std::string(words[i]);
  return text;
}

}  // namespace

Result<void> CaseTrace::add(std::string_view line) {
  std::vector<std::string_view> words = split(line, " ");
  std::erase(words, "");
  if (words.front() == "stack") return add_stack(trim(line.substr(words.front().size())));
  if (words.size() < 2) return fail("a trace's line has more words than one");
  if (words.front() == "procs") {
    const std::optional<uint64_t> count = natural(words[1]);
    if (!count) return fail("procs N");
    for (; procs_ < *count; ++procs_) builder_.add_proc(procs_);
    at(0, [this] { builder_.point(builder_.timeline().gomaxprocs, 0, procs_); });
    return {};
  }
  if (words.front() == "goroutine") {
    for (const uint64_t id : ids_of(words[1])) {
      const uint32_t goroutine = goroutine_of(id);
      builder_.timeline().goroutines[goroutine].function = builder_.text(rest_of(words, 2));
    }
    return {};
  }
  return add_event(words, line);
}

Result<void> CaseTrace::add_stack(std::string_view text) {
  const size_t equals = text.find(" = ");
  if (equals == std::string_view::npos) return fail("stack NAME = FRAME > FRAME, root first");
  std::vector<uint32_t> frames;
  for (const std::string_view part : split(text.substr(equals + 3), " > ")) {
    const std::string_view frame = trim(part);
    const size_t place = frame.rfind('@');
    const size_t colon = frame.rfind(':');
    if (place == std::string_view::npos || colon == std::string_view::npos || colon < place)
      return fail("a frame is FUNCTION@FILE:LINE");
    const std::optional<uint64_t> number = natural(frame.substr(colon + 1));
    if (!number) return fail("no line number in " + std::string(frame));
    frames.push_back(builder_.frame({.pc = frames.size() + 1,
                                     .function = builder_.text(frame.substr(0, place)),
                                     .file = builder_.text(frame.substr(place + 1, colon - place - 1)),
                                     .line = static_cast<uint32_t>(*number)}));
  }
  std::ranges::reverse(frames);
  stacks_[std::string(text.substr(0, equals))] = builder_.stack(frames);
  return {};
}

Result<uint32_t> CaseTrace::stack_of(std::string_view name) const {
  const auto found = stacks_.find(name);
  if (found == stacks_.end()) return fail("no such stack: " + std::string(name));
  return found->second;
}

uint32_t CaseTrace::goroutine_of(uint64_t id) {
  const auto found = goroutines_.find(id);
  if (found != goroutines_.end()) return found->second;
  return goroutines_[id] = builder_.add_goroutine(id);
}

Result<void> CaseTrace::add_event(const std::vector<std::string_view>& words, std::string_view line) {
  const size_t dots = words[0].find("..");
  const std::optional<int64_t> time = time_of(words[0].substr(0, dots));
  if (!time) return fail("no time: " + std::string(words[0]));
  if (dots != std::string_view::npos) {
    const std::optional<int64_t> end = time_of(words[0].substr(dots + 2));
    if (!end) return fail("no time: " + std::string(words[0]));
    model::TraceRange range{.begin = *time, .end = *end};
    if (words[1] == "assist" && words.size() == 4 && natural(words[2])) {
      const Result<uint32_t> stack = stack_of(words[3]);
      if (!stack) return tl::unexpected(stack.error());
      range.kind = model::RangeKind::kMarkAssist;
      range.goroutine = goroutine_of(*natural(words[2]));
      range.stack = *stack;
    } else if (words[1] == "stw") {
      range.kind = model::RangeKind::kStopTheWorld;
      range.text = builder_.text(rest_of(words, 2));
    } else {
      return fail("no such range: " + std::string(line));
    }
    at(*end, [this, range] { builder_.range(range); });
    return {};
  }
  if (words[1] == "heap" && words.size() == 3 && natural(words[2])) {
    at(*time, [this, time, bytes = *natural(words[2])] {
      builder_.point(builder_.timeline().heap_live, *time, bytes);
    });
    return {};
  }
  if (words[1] == "cpu" && words.size() == 4 && natural(words[2])) {
    const Result<uint32_t> stack = stack_of(words[3]);
    if (!stack) return tl::unexpected(stack.error());
    const model::CpuSample sample{
        .time = *time, .goroutine = goroutine_of(*natural(words[2])), .stack = *stack};
    at(*time, [this, sample] { builder_.timeline().cpu_samples.push_back(sample); });
    return {};
  }
  const std::vector<uint64_t> ids = ids_of(words[1]);
  if (ids.empty() || words.size() < 3) return fail("not known: " + std::string(line));
  for (const uint64_t id : ids) {
    if (const Result<void> added = add_change(*time, goroutine_of(id), words); !added) return added;
  }
  return {};
}

Result<void> CaseTrace::add_change(int64_t time, uint32_t goroutine,
                                   const std::vector<std::string_view>& words) {
  const std::string_view what = words[2];
  model::TimelineBuilder::Transition change{.time = time};
  size_t stack = 3;
  uint32_t model::TimelineBuilder::Transition::* into = &model::TimelineBuilder::Transition::stack;
  if (what == "run") {
    change.state = GoState::kRunning;
    change.cause = GoCause::kStart;
    change.proc = procs_ == 0 ? kNone : goroutine % procs_;
  } else if (what == "wait" || what == "waiting") {
    change.state = GoState::kWaiting;
    change.cause = what == "wait" ? GoCause::kBlock : GoCause::kStatus;
    change.reason = builder_.text(words.size() > 4 ? rest_of(words, 4) : "sync");
  } else if (what == "wake") {
    change.state = GoState::kRunnable;
    change.cause = GoCause::kUnblock;
    if (words.size() > 4 && words[3] == "by" && natural(words[4]))
      change.by = goroutine_of(*natural(words[4]));
    stack = 5;
    into = &model::TimelineBuilder::Transition::by_stack;
  } else if (what == "ready") {
    change.state = GoState::kRunnable;
    change.cause = GoCause::kStop;
    change.reason = builder_.text("preempted");
  } else if (what == "lost") {
    change.cause = GoCause::kLost;
  } else {
    return fail("no such change: " + std::string(what));
  }
  if (words.size() > stack) {
    const Result<uint32_t> found = stack_of(words[stack]);
    if (!found) return tl::unexpected(found.error());
    change.*into = *found;
  }
  at(time, [this, goroutine, change] { builder_.go(goroutine, change); });
  return {};
}

model::Timeline CaseTrace::finish(double end_ms) {
  std::ranges::stable_sort(events_, {}, [](const auto& event) { return event.first; });
  for (const auto& [time, event] : events_) event();
  return builder_.finish(static_cast<int64_t>(std::llround(end_ms * 1e6)));
}

}  // namespace edp::analyse::testing
