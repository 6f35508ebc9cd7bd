#include "runner/analyse/testing/case_profile.h"

#include <charconv>

namespace edp::analyse::testing {
namespace {

std::string_view default_types(model::ProfileKind kind) {
  switch (kind) {
    case model::ProfileKind::kCpu:
      return "samples/count,cpu/nanoseconds";
    case model::ProfileKind::kHeap:
    case model::ProfileKind::kAllocs:
      return "alloc_objects/count,alloc_space/bytes,inuse_objects/count,inuse_space/bytes";
    case model::ProfileKind::kMutex:
    case model::ProfileKind::kBlock:
      return "contentions/count,delay/nanoseconds";
    case model::ProfileKind::kGoroutine:
      return "goroutine/count";
    case model::ProfileKind::kThreadCreate:
      return "threadcreate/count";
  }
  return "";
}

bool parse_int(std::string_view text, int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + separator.size());
  }
}

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

Result<void> CaseProfile::begin(model::ProfileKind kind, std::string_view types) {
  if (types.empty()) types = default_types(kind);
  for (const std::string_view type : split(types, ",")) {
    const std::vector<std::string_view> parts = split(type, "/");
    if (parts.size() != 2) return fail("a type is name/unit: " + std::string(type));
    profile_.sample_types.push_back({arena_->add(parts[0]), arena_->add(parts[1])});
  }
  return {};
}

Result<CaseProfile::Frame> CaseProfile::parse_frame(std::string_view text) {
  Frame frame;
  text = trim(text);
  if (text.starts_with('~')) {
    frame.inlined = true;
    text.remove_prefix(1);
  }
  const size_t at = text.rfind('@');
  frame.function = text.substr(0, at);
  if (frame.function.empty()) return fail("a frame without a function");
  if (at == std::string_view::npos) return frame;
  const std::string_view place = text.substr(at + 1);
  const size_t colon = place.rfind(':');
  frame.file = place.substr(0, colon);
  if (colon != std::string_view::npos && !parse_int(place.substr(colon + 1), frame.line)) {
    return fail("no line number in " + std::string(place));
  }
  return frame;
}

uint32_t CaseProfile::function_of(const Frame& frame) {
  const auto [found, is_new] = functions_.try_emplace({std::string(frame.function), std::string(frame.file)},
                                                      static_cast<uint32_t>(profile_.functions.size()));
  if (is_new) {
    model::Function function;
    function.id = profile_.functions.size() + 1;
    function.name = function.system_name = arena_->add(frame.function);
    function.file = arena_->add(frame.file);
    profile_.functions.push_back(function);
  }
  return found->second;
}

Result<void> CaseProfile::add_sample(std::string_view line) {
  const size_t bar = line.find('|');
  if (bar == std::string_view::npos) return fail("a sample is: values | frames, root first");
  size_t values = 0;
  for (const std::string_view word : split(line.substr(0, bar), " ")) {
    if (word.empty()) continue;
    int64_t value = 0;
    if (!parse_int(word, value)) return fail("not a number: " + std::string(word));
    profile_.values.push_back(value);
    ++values;
  }
  if (values != profile_.sample_types.size()) return fail("a sample has one value for each sample type");

  // Root first in the text, leaf first in the model; inlined frames join the location before them.
  std::vector<std::vector<std::pair<uint32_t, int64_t>>> stack;
  for (const std::string_view text : split(line.substr(bar + 1), " > ")) {
    const Result<Frame> frame = parse_frame(text);
    if (!frame) return tl::unexpected(frame.error());
    if (!frame->inlined || stack.empty()) stack.emplace_back();
    stack.back().insert(stack.back().begin(), {function_of(*frame), frame->line});
  }
  for (auto lines = stack.rbegin(); lines != stack.rend(); ++lines) {
    const auto [found, is_new] =
        locations_.try_emplace(*lines, static_cast<uint32_t>(profile_.locations.size()));
    if (is_new) {
      model::Location location;
      location.id = profile_.locations.size() + 1;
      location.first_line = static_cast<uint32_t>(profile_.lines.size());
      location.line_count = static_cast<uint32_t>(lines->size());
      for (const auto& [function, at] : *lines) profile_.lines.push_back({.function = function, .line = at});
      profile_.locations.push_back(location);
    }
    profile_.sample_locations.push_back(found->second);
  }
  profile_.location_ends.push_back(profile_.sample_locations.size());
  return {};
}

model::Profile CaseProfile::finish() {
  profile_.storage = arena_;
  return std::move(profile_);
}

}  // namespace edp::analyse::testing
