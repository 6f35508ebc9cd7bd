#include "runner/decode/go_trace/trace_header.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace edp::decode::go_trace {
namespace {

constexpr std::string_view kHeaderBegin = "go 1.", kHeaderEnd = " trace";

// Whether "go " stands anywhere. All of a trace goes through this: the loop is one that compilers vectorise.
bool may_hold_header(std::string_view bytes) {
  uint8_t found = 0;
  const char* p = bytes.data();
  for (size_t i = 0; i + 2 < bytes.size(); ++i) {
    found |= static_cast<uint8_t>((p[i] == 'g') & (p[i + 1] == 'o') & (p[i + 2] == ' '));
  }
  return found != 0;
}

}  // namespace

int version_of(std::string_view header) {
  if (header.size() < kHeader || !header.starts_with(kHeaderBegin)) return 0;
  int minor = 0;
  const char* begin = header.data() + kHeaderBegin.size();
  const auto [end, error] = std::from_chars(begin, header.data() + kHeader, minor);
  if (error != std::errc() || minor <= 0 || end - begin > 3) return 0;
  std::string_view rest = header.substr(static_cast<size_t>(end - header.data()));
  rest = rest.substr(0, kHeader - static_cast<size_t>(end - header.data()));
  if (!rest.starts_with(kHeaderEnd)) return 0;
  rest.remove_prefix(kHeaderEnd.size());
  return std::ranges::all_of(rest, [](char c) { return c == '\0'; }) ? minor : 0;
}

size_t find_header(std::string_view bytes) {
  if (!may_hold_header(bytes)) return std::string_view::npos;
  for (size_t at = bytes.find(kHeaderBegin); at != std::string_view::npos;
       at = bytes.find(kHeaderBegin, at + 1)) {
    if (version_of(bytes.substr(at)) != 0) return at;
  }
  return std::string_view::npos;
}

}  // namespace edp::decode::go_trace
