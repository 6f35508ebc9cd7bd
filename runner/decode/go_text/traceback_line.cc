#include "runner/decode/go_text/traceback_line.h"

#include <algorithm>

#include "runner/decode/text/lines.h"

namespace edp::decode::go_text {
namespace {

using text::consume;
using text::consume_number;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "2026-11-23T19:08:22.123456789Z " or with an offset instead of Z.
bool consume_timestamp(std::string_view& line) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  if (line.size() <= kForm.size()) return false;
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == 'd' ? !is_digit(line[i]) : line[i] != kForm[i]) return false;
  }
  const size_t space = line.find(' ', kForm.size());
  if (space == std::string_view::npos) return false;
  line.remove_prefix(space + 1);
  return true;
}

void read_attribute(std::string_view attribute, model::Goroutine& goroutine) {
  if (attribute == "locked to thread") {
    goroutine.locked_to_thread = true;
    return;
  }
  const auto minutes = consume_number<int64_t>(attribute);
  if (minutes && *minutes >= 0 && attribute == " minutes") goroutine.wait_minutes = *minutes;
}

}  // namespace

std::string_view without_log_prefix(std::string_view line) {
  std::string_view rest = line;
  if (!consume_timestamp(rest)) return line;
  for (const char* stream : {"stderr F ", "stdout F ", "stderr P ", "stdout P "}) {
    if (consume(rest, stream)) break;
  }
  return rest;
}

std::optional<model::Goroutine> parse_header(std::string_view line) {
  if (!consume(line, "goroutine ")) return std::nullopt;
  model::Goroutine goroutine;
  const auto id = consume_number<uint64_t>(line);
  const size_t open = line.find('[');
  if (!id || open == std::string_view::npos || open == 0 || line[0] != ' ' || !line.ends_with("]:"))
    return std::nullopt;
  goroutine.id = *id;
  std::string_view inside = line.substr(open + 1, line.size() - open - 3);
  inside = inside.substr(0, inside.find(" labels:{"));

  size_t comma = inside.find(", ");
  goroutine.state = inside.substr(0, comma);
  while (comma != std::string_view::npos) {
    inside.remove_prefix(comma + 2);
    comma = inside.find(", ");
    read_attribute(inside.substr(0, comma), goroutine);
  }
  for (const std::string_view suffix :
       {" (scan)", " (leaked)"}) {  // in the order in which they are taken off
    if (goroutine.state.ends_with(suffix)) goroutine.state.remove_suffix(suffix.size());
  }
  if (goroutine.state.empty()) return std::nullopt;
  return goroutine;
}

std::string_view parse_call(std::string_view line) {
  if (!line.ends_with(')')) return {};
  const size_t open = line.rfind('(');
  if (open == std::string_view::npos || open == 0) return {};
  const std::string_view name = line.substr(0, open);
  // Type arguments of a name are printed as [...], so it has no space; a log line that ends in ")" has.
  if (name.find_first_of(" \t") != std::string_view::npos) return {};
  int depth = 0;
  for (const char c : name) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (depth < 0 || depth > 1) return {};
  }
  return depth == 0 ? name : std::string_view();
}

bool parse_position(std::string_view line, model::GoroutineFrame& frame) {
  if (!consume(line, "\t")) return false;
  // The last ":<digits>" that ends the line or that a space follows; a Windows path has a colon of its own.
  const size_t end = std::min(line.size(), line.find(" +0x"));
  std::string_view position = line.substr(0, end);
  position = position.substr(0, position.find(" fp=0x"));
  const size_t colon = position.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto number = text::number<int64_t>(position.substr(colon + 1));
  if (!number || *number < 0) return false;
  frame.file = position.substr(0, colon);
  frame.line = *number;
  return true;
}

bool parse_created_by(std::string_view line, model::Goroutine& goroutine) {
  if (!consume(line, "created by ")) return false;
  constexpr std::string_view kIn = " in goroutine ";
  const size_t in = line.rfind(kIn);
  if (in != std::string_view::npos) {
    goroutine.creator_id = text::number<uint64_t>(line.substr(in + kIn.size())).value_or(0);
  }
  goroutine.created_by.function = line.substr(0, in);
  return true;
}

bool is_elided(std::string_view line) {
  return line.starts_with("...") && line.ends_with(" frames elided...");
}

std::string_view parse_fatal_error(std::string_view line) {
  for (const char* prefix : {"fatal error: ", "panic: "}) {
    if (consume(line, prefix)) return line;
  }
  return {};
}

}  // namespace edp::decode::go_text
