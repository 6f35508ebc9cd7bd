#include "runner/view/filter.h"

#include <tsl/robin_map.h>

#include <memory>

#include "runner/view/prune.h"
#include "runner/view/regex.h"
#include "runner/view/samples.h"
#include "runner/view/tag_filter.h"

namespace edp::view {
namespace {

using model::kNone;

// Which functions and binaries a pattern matches, asked once for each.
class NameMatch {
 public:
  NameMatch(const model::Profile& profile, const re2::RE2* regex) : is_set_(regex != nullptr) {
    if (!is_set_) return;
    tsl::robin_map<std::string_view, bool> known;
    const auto ask = [&](std::string_view text) {
      const auto [entry, is_new] = known.try_emplace(text, false);
      if (is_new) entry.value() = matches(*regex, text);
      return entry->second;
    };
    for (const model::Function& function : profile.functions) {
      functions_.push_back(ask(function.name) || ask(function.file));
    }
    for (const model::Mapping& mapping : profile.mappings) mappings_.push_back(ask(mapping.file));
  }

  explicit operator bool() const { return is_set_; }
  [[nodiscard]] bool binary(const model::Location& location) const {
    return location.mapping != kNone && mappings_[location.mapping];
  }
  [[nodiscard]] bool line(const model::Line& line) const {
    return line.function != kNone && functions_[line.function];
  }
  [[nodiscard]] bool location(const model::Profile& profile, const model::Location& location) const {
    for (const model::Line& l : profile.lines_of(location)) {
      if (line(l)) return true;
    }
    return binary(location);
  }

 private:
  bool is_set_;
  std::vector<bool> functions_, mappings_;
};

// Keeps the lines of a location for which keep(line) holds.
template <typename Keep>
void keep_lines(model::Profile& profile, model::Location& location, Keep keep) {
  uint32_t out = location.first_line;
  for (uint32_t i = location.first_line; i < location.first_line + location.line_count; ++i) {
    if (keep(profile.lines[i])) profile.lines[out++] = profile.lines[i];
  }
  location.line_count = out - location.first_line;
}

struct NameFilters {
  const re2::RE2 *focus, *ignore, *hide, *show;
};

void filter_by_name(model::Profile& profile, const NameFilters& filters, std::vector<std::string>& warnings) {
  if (!filters.focus && !filters.ignore && !filters.hide && !filters.show) return;
  const NameMatch focus(profile, filters.focus), ignore(profile, filters.ignore), hide(profile, filters.hide),
      show(profile, filters.show);
  enum : char { kNeutral, kFocused, kIgnored };
  std::vector<char> state(profile.locations.size(), kNeutral);
  std::vector<char> hidden(profile.locations.size(), 0);
  bool focus_matched = false, ignore_matched = false, hide_matched = false, show_matched = false;
  bool any_hidden = false;
  for (size_t i = 0; i < profile.locations.size(); ++i) {
    model::Location& location = profile.locations[i];
    if (ignore && ignore.location(profile, location)) {
      ignore_matched = true;
      state[i] = kIgnored;
    } else if (!focus || focus.location(profile, location)) {
      focus_matched = true;
      state[i] = kFocused;
    }
    if (hide && hide.location(profile, location)) {
      hide_matched = true;
      const bool all = hide.binary(location);
      keep_lines(profile, location, [&](const model::Line& line) { return !all && !hide.line(line); });
      if (location.line_count == 0) hidden[i] = 1;
    }
    if (show) {
      const bool all = show.binary(location);
      keep_lines(profile, location,
                 [&](const model::Line& line) { return all || line.function == kNone || show.line(line); });
      if (location.line_count == 0) {
        hidden[i] = 1;
      } else {
        show_matched = true;
      }
    }
    any_hidden |= hidden[i] != 0;
  }

  edit_samples(profile, [&](const model::Sample&, std::span<uint32_t>& stack) {
    bool focused = false;
    for (const uint32_t location : stack) {
      if (state[location] == kIgnored) return false;
      focused |= state[location] == kFocused;
    }
    if (!focused) return false;
    if (any_hidden) {
      size_t out = 0;
      for (const uint32_t location : stack) {
        if (!hidden[location]) stack[out++] = location;
      }
      stack = stack.first(out);
      if (stack.empty()) return false;
    }
    return true;
  });

  const auto warn = [&warnings](bool is_set, bool matched, const char* what) {
    if (is_set && !matched) warnings.push_back(std::string(what) + " expression matched no samples");
  };
  warn(static_cast<bool>(focus), focus_matched, "Focus");
  warn(static_cast<bool>(ignore), ignore_matched, "Ignore");
  warn(static_cast<bool>(hide), hide_matched, "Hide");
  warn(static_cast<bool>(show), show_matched, "Show");
}

void filter_show_from(model::Profile& profile, const re2::RE2* regex, std::vector<std::string>& warnings) {
  if (regex == nullptr) return;
  const NameMatch match(profile, regex);
  std::vector<char> matched(profile.locations.size(), 0);
  bool any = false;
  for (size_t i = 0; i < profile.locations.size(); ++i) {
    model::Location& location = profile.locations[i];
    if (match.binary(location)) {
      matched[i] = 1;
    } else {
      const std::span<const model::Line> lines = profile.lines_of(location);
      for (size_t l = lines.size(); l-- > 0;) {
        if (!match.line(lines[l])) continue;
        location.line_count = static_cast<uint32_t>(l + 1);
        matched[i] = 1;
        break;
      }
    }
    any |= matched[i] != 0;
  }
  edit_samples(profile, [&](const model::Sample&, std::span<uint32_t>& stack) {
    for (size_t i = stack.size(); i-- > 0;) {
      if (!matched[stack[i]]) continue;
      stack = stack.first(i + 1);
      return true;
    }
    return false;
  });
  if (!any) warnings.emplace_back("ShowFrom expression matched no samples");
}

}  // namespace

Result<void> apply_filters(model::Profile& profile, const Options& options,
                           std::vector<std::string>& warnings) {
  const auto focus = compile("focus", options.focus);
  if (!focus) return tl::unexpected(focus.error());
  const auto ignore = compile("ignore", options.ignore);
  if (!ignore) return tl::unexpected(ignore.error());
  const auto hide = compile("hide", options.hide);
  if (!hide) return tl::unexpected(hide.error());
  const auto show = compile("show", options.show);
  if (!show) return tl::unexpected(show.error());
  const auto show_from = compile("show_from", options.show_from);
  if (!show_from) return tl::unexpected(show_from.error());
  const auto prune_from = compile("prune_from", options.prune_from);
  if (!prune_from) return tl::unexpected(prune_from.error());
  NumberUnits units;
  if (!options.tag_focus.empty() || !options.tag_ignore.empty()) units.read(profile);
  auto tag_focus = TagFilter::parse("tagfocus", options.tag_focus, units);
  if (!tag_focus) return tl::unexpected(tag_focus.error());
  auto tag_ignore = TagFilter::parse("tagignore", options.tag_ignore, units);
  if (!tag_ignore) return tl::unexpected(tag_ignore.error());

  filter_by_name(profile, {focus->get(), ignore->get(), hide->get(), show->get()}, warnings);
  filter_show_from(profile, show_from->get(), warnings);

  if (*tag_focus || *tag_ignore) {
    bool focus_matched = false, ignore_matched = false;
    edit_samples(profile, [&](const model::Sample& sample, std::span<uint32_t>&) {
      const bool focused = !*tag_focus || (*tag_focus)->matches(sample);
      const bool ignored = *tag_ignore && (*tag_ignore)->matches(sample);
      focus_matched |= focused;
      ignore_matched |= ignored;
      return focused && !ignored;
    });
    if (*tag_focus && !focus_matched) warnings.emplace_back("TagFocus expression matched no samples");
    if (*tag_ignore && !ignore_matched) warnings.emplace_back("TagIgnore expression matched no samples");
  }
  if (*prune_from) prune_beneath(profile, **prune_from);
  return {};
}

}  // namespace edp::view
