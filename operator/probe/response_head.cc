#include "operator/probe/response_head.h"

#include <algorithm>

namespace edp::probe {
namespace {

constexpr std::string_view kStart = "HTTP/1.";

bool digit(char c) { return c >= '0' && c <= '9'; }

// Of "HTTP/1.1 200 OK"; 0 where it is no status line.
int status_of(std::string_view line) {
  if (line.size() < 12 || !line.starts_with(kStart) || !digit(line[7]) || line[8] != ' ') return 0;
  if (line[9] < '1' || line[9] > '9' || !digit(line[10]) || !digit(line[11])) return 0;
  if (line.size() > 12 && line[12] != ' ') return 0;
  return (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
}

// The size of the head with its blank line; 0 where it has not come yet.
size_t end_of(std::string_view text) {
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (at + 1 < text.size() && text[at + 1] == '\n') return at + 2;
    if (at + 2 < text.size() && text[at + 1] == '\r' && text[at + 2] == '\n') return at + 3;
  }
  return 0;
}

}  // namespace

ResponseHead::State ResponseHead::feed(std::string_view bytes) {
  const size_t fits = std::min(bytes.size(), kMax - taken_);
  text_.append(bytes.substr(0, fits));
  taken_ += fits;
  for (;;) {
    const std::string_view text = text_;
    if (!kStart.starts_with(text.substr(0, kStart.size()))) return State::kBad;
    const size_t line = text.find('\n');
    int status = 0;
    if (line != std::string_view::npos) {
      std::string_view first = text.substr(0, line);
      if (first.ends_with('\r')) first.remove_suffix(1);
      status = status_of(first);
      if (status == 0) return State::kBad;
    }
    const size_t end = end_of(text);
    if (end == 0) return fits < bytes.size() || taken_ == kMax ? State::kTooLong : State::kMore;
    if (status >= 200 || status == 101) {
      status_ = status;
      return State::kDone;
    }
    text_.erase(0, end);
  }
}

}  // namespace edp::probe
