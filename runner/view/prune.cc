#include "runner/view/prune.h"

#include <string>
#include <vector>

#include "runner/view/filter.h"
#include "runner/view/regex.h"
#include "runner/view/samples.h"

namespace edp::view {
namespace {

using model::kNone;

// For each function: whether its name, without arguments, is to go.
template <typename Matches>
std::vector<bool> match_functions(const model::Profile& profile, Matches matches_name) {
  std::vector<bool> matched;
  matched.reserve(profile.functions.size());
  for (const model::Function& function : profile.functions) {
    matched.push_back(!function.name.empty() && matches_name(without_arguments(function.name)));
  }
  return matched;
}

}  // namespace

std::string_view without_arguments(std::string_view function) {
  if (function.starts_with('.')) function.remove_prefix(1);
  for (size_t at = function.find_first_of("(o"); at != std::string_view::npos;) {
    const std::string_view rest = function.substr(at);
    size_t skip = 1;
    for (const std::string_view reserved : {"(anonymous namespace)", "operator()"}) {
      if (rest.starts_with(reserved)) skip = reserved.size();
    }
    if (skip == 1 && rest.front() == '(') return function.substr(0, at);
    at = function.find_first_of("(o", at + skip);
  }
  return function;
}

void prune(model::Profile& profile, const re2::RE2& drop, const re2::RE2* keep) {
  const std::vector<bool> matched = match_functions(profile, [&](std::string_view name) {
    return matches(drop, name) && (keep == nullptr || !matches(*keep, name));
  });
  enum : char { kStays, kGoes, kEndsHere };
  std::vector<char> state(profile.locations.size(), kStays);
  for (size_t i = 0; i < profile.locations.size(); ++i) {
    model::Location& location = profile.locations[i];
    for (uint32_t l = location.line_count; l-- > 0;) {
      const uint32_t function = profile.lines[location.first_line + l].function;
      if (function == kNone || !matched[function]) continue;
      if (l + 1 == location.line_count) {
        state[i] = kGoes;
      } else {
        state[i] = kEndsHere;
        location.first_line += l + 1;
        location.line_count -= l + 1;
      }
      break;
    }
  }
  edit_samples(profile, [&](const model::Sample&, std::span<uint32_t>& stack) {
    bool found_user_code = false;
    for (size_t i = stack.size(); i-- > 0;) {
      const char s = state[stack[i]];
      if (s == kStays) {
        found_user_code = true;
      } else if (found_user_code) {
        stack = stack.subspan(s == kGoes ? i + 1 : i);
        break;
      }
    }
    return true;
  });
}

void prune_beneath(model::Profile& profile, const re2::RE2& from) {
  const std::vector<bool> matched =
      match_functions(profile, [&](std::string_view name) { return matches(from, name); });
  std::vector<char> ends_here(profile.locations.size(), 0);
  for (size_t i = 0; i < profile.locations.size(); ++i) {
    model::Location& location = profile.locations[i];
    for (uint32_t l = 0; l < location.line_count; ++l) {
      const uint32_t function = profile.lines[location.first_line + l].function;
      if (function == kNone || !matched[function]) continue;
      ends_here[i] = 1;
      location.first_line += l;
      location.line_count -= l;
      break;
    }
  }
  edit_samples(profile, [&](const model::Sample&, std::span<uint32_t>& stack) {
    for (size_t i = 0; i < stack.size(); ++i) {
      if (!ends_here[stack[i]]) continue;
      stack = stack.subspan(i);
      break;
    }
    return true;
  });
}

void drop_uninteresting(model::Profile& profile) {
  if (profile.drop_frames.empty()) return;
  const auto drop = compile("drop_frames", "^(" + std::string(profile.drop_frames) + ")$");
  if (!drop) return;
  Result<std::unique_ptr<re2::RE2>> keep = nullptr;
  if (!profile.keep_frames.empty()) {
    keep = compile("keep_frames", "^(" + std::string(profile.keep_frames) + ")$");
    if (!keep) return;
  }
  prune(profile, **drop, keep->get());
}

}  // namespace edp::view
