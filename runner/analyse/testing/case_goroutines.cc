#include "runner/analyse/testing/case_goroutines.h"

#include <charconv>
#include <memory>

#include "common/string_arena.h"
#include "runner/analyse/testing/case_profile.h"

namespace edp::analyse::testing {
namespace {

template <typename Number>
Number leading_number(std::string_view text) {
  Number value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "main.(*Store).Put(0xc000, ...)" -> "main.(*Store).Put" and "0xc000, ...": the arguments are the last
// brackets.
model::GoroutineFrame parse_call(std::string_view call, StringArena& arena) {
  const size_t open = call.ends_with(')') ? call.rfind('(') : std::string_view::npos;
  if (open == std::string_view::npos) return {.function = arena.add(call)};
  return {.function = arena.add(call.substr(0, open)),
          .arguments = arena.add(call.substr(open + 1, call.size() - open - 2))};
}

// "goroutine 18 x20 [sync.Mutex.Lock, 3 minutes, locked to thread]:"
Result<model::Goroutine> parse_header(std::string_view line, uint64_t& copies, StringArena& arena) {
  const size_t open = line.find('[');
  const size_t close = line.rfind("]:");
  if (open == std::string_view::npos || close == std::string_view::npos)
    return fail("no [state]: in " + std::string(line));
  model::Goroutine goroutine;
  const std::vector<std::string_view> words = split(trim(line.substr(0, open)), " ");
  if (words.size() < 2) return fail("no id in " + std::string(line));
  goroutine.id = leading_number<uint64_t>(words[1]);
  copies = words.size() > 2 && words[2].starts_with('x') ? leading_number<uint64_t>(words[2].substr(1)) : 1;
  const std::vector<std::string_view> parts = split(line.substr(open + 1, close - open - 1), ", ");
  goroutine.state = arena.add(parts[0]);
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].ends_with(" minutes")) goroutine.wait_minutes = leading_number<int64_t>(parts[i]);
    if (parts[i] == "locked to thread") goroutine.locked_to_thread = true;
  }
  return goroutine;
}

}  // namespace

Result<model::Goroutines> parse_case_goroutines(std::string_view text) {
  auto arena = std::make_shared<StringArena>();
  model::Goroutines dump;
  dump.storage = arena;
  model::Goroutine goroutine;
  uint64_t copies = 0;
  const auto flush = [&] {
    for (uint64_t i = 0; i < copies; ++i) {
      dump.list.push_back(goroutine);
      ++goroutine.id;
    }
    copies = 0;
  };
  model::GoroutineFrame* frame = nullptr;  // waits for its file line
  for (std::string_view line : split(text, "\n")) {
    line = trim(line);
    if (line.empty()) continue;
    if (line.starts_with("goroutine ")) {
      flush();
      Result<model::Goroutine> header = parse_header(line, copies, *arena);
      if (!header) return tl::unexpected(header.error());
      goroutine = std::move(*header);
      frame = nullptr;
    } else if (line.starts_with("fatal error: ") || line.starts_with("panic: ")) {
      dump.fatal_error = arena->add(line.substr(line.find(": ") + 2));
    } else if (copies == 0) {
      return fail("before the first goroutine: " + std::string(line));
    } else if (line == "...additional frames elided...") {
      goroutine.frames_elided = true;
    } else if (line.starts_with("created by ")) {
      line.remove_prefix(11);
      if (const size_t by = line.find(" in goroutine "); by != std::string_view::npos) {
        goroutine.creator_id = leading_number<uint64_t>(line.substr(by + 14));
        line = line.substr(0, by);
      }
      goroutine.created_by.function = arena->add(line);
      frame = &goroutine.created_by;
    } else if (frame != nullptr) {
      line = line.substr(0, line.rfind(" +0x"));
      const size_t colon = line.rfind(':');
      if (colon == std::string_view::npos) return fail("no file:line in " + std::string(line));
      frame->file = arena->add(line.substr(0, colon));
      frame->line = leading_number<int64_t>(line.substr(colon + 1));
      frame = nullptr;
    } else {
      goroutine.frames.push_back(parse_call(line, *arena));
      frame = &goroutine.frames.back();
    }
  }
  flush();
  return dump;
}

}  // namespace edp::analyse::testing
