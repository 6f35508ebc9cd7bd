#include "runner/view/tag_filter.h"

#include <algorithm>
#include <charconv>

#include "runner/view/filter.h"
#include "runner/view/measure.h"
#include "runner/view/regex.h"

namespace edp::view {

void NumberUnits::read(const model::Profile& profile) {
  for (const model::Label& label : profile.labels) {
    if (!label.is_number || is_empty(label)) continue;
    const auto [entry, is_new] = units_.try_emplace(label.key, label.unit);
    if (!is_new && entry->second.empty()) entry.value() = label.unit;
  }
  for (auto entry = units_.begin(); entry != units_.end(); ++entry) {
    if (!entry->second.empty()) continue;
    const bool in_bytes = entry->first == "alignment" || entry->first == "request";
    entry.value() = in_bytes ? std::string_view("bytes") : entry->first;
  }
}

std::string_view NumberUnits::unit(std::string_view key) const {
  const auto entry = units_.find(key);
  return entry == units_.end() ? std::string_view() : entry->second;
}

Result<std::optional<TagFilter::Range>> TagFilter::parse_range(std::string_view option,
                                                               const std::string& text) {
  static const re2::RE2 kNumber("([+-]?[0-9]+)([A-Za-z]+)?");
  struct Bound {
    std::string whole, unit;
    int64_t number = 0;
  };
  std::vector<Bound> bounds;
  re2::StringPiece rest(text);
  std::string number, unit;
  while (bounds.size() < 2 && re2::RE2::FindAndConsume(&rest, kNumber, &number, &unit)) {
    Bound bound{number + unit, unit, 0};
    const std::string_view digits = std::string_view(number).substr(number.front() == '+' ? 1 : 0);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bound.number);
    if (error != std::errc()) return fail(std::string(option) + ": number out of range: " + number);
    bounds.push_back(bound);
  }
  if (bounds.empty()) return std::nullopt;
  const Scaled first = scale(bounds[0].number, bounds[0].unit, bounds[0].unit);
  if (bounds.size() == 1) {
    if (text == bounds[0].whole) return Range{first.value, first.value, first.unit};
    if (text == bounds[0].whole + ":") return Range{first.value, std::nullopt, first.unit};
    if (text == ":" + bounds[0].whole) return Range{std::nullopt, first.value, first.unit};
    return std::nullopt;
  }
  if (text != bounds[0].whole + ":" + bounds[1].whole) return std::nullopt;
  const Scaled second = scale(bounds[1].number, bounds[1].unit, first.unit);
  if (second.unit != first.unit) return std::nullopt;
  return Range{first.value, second.value, first.unit};
}

Result<std::unique_ptr<TagFilter>> TagFilter::parse(std::string_view option, const std::string& text,
                                                    const NumberUnits& units) {
  if (text.empty()) return nullptr;
  std::unique_ptr<TagFilter> filter(new TagFilter(units));
  std::string value = text;
  if (const size_t equals = text.find('='); equals != std::string::npos) {
    filter->key_ = text.substr(0, equals);
    filter->has_key_ = !filter->key_.empty();
    value = text.substr(equals + 1);
  }
  auto range = parse_range(option, value);
  if (!range) return tl::unexpected(range.error());
  filter->range_ = *range;
  if (filter->range_) return filter;
  for (size_t begin = 0; begin <= value.size();) {
    const size_t comma = std::min(value.find(',', begin), value.size());
    // An empty pattern matches everything, so it needs a regex too.
    const std::string pattern = value.substr(begin, comma - begin);
    auto regex = compile(option, pattern.empty() ? "(?:)" : pattern);
    if (!regex) return tl::unexpected(regex.error());
    filter->regexes_.push_back(std::move(*regex));
    begin = comma + 1;
  }
  filter->known_.resize(filter->regexes_.size());
  return filter;
}

bool TagFilter::in_range(const model::Label& label) const {
  const Scaled scaled = scale(label.number, units_->unit(label.key), range_->unit);
  return scaled.unit == range_->unit && (!range_->low || scaled.value >= *range_->low) &&
         (!range_->high || scaled.value <= *range_->high);
}

bool TagFilter::text_matches(size_t regex, std::string_view text) {
  const auto [entry, is_new] = known_[regex].try_emplace(std::string(text), false);
  if (is_new) entry.value() = view::matches(*regexes_[regex], text);
  return entry->second;
}

bool TagFilter::matches(const model::Sample& sample) {
  const auto counts = [this](const model::Label& label) {
    return label.is_number == range_.has_value() && !is_empty(label) && (!has_key_ || label.key == key_);
  };
  if (range_) {
    return std::any_of(sample.labels.begin(), sample.labels.end(),
                       [&](const model::Label& label) { return counts(label) && in_range(label); });
  }
  // With a key one of the patterns must match, without one each of them (in any label).
  std::string text;
  for (size_t r = 0; r < regexes_.size(); ++r) {
    bool matched = false;
    for (const model::Label& label : sample.labels) {
      if (!counts(label)) continue;
      if (has_key_) {
        text = label.text;
      } else {
        text.assign(label.key).append(":").append(label.text);
      }
      matched = text_matches(r, text);
      if (matched) break;
    }
    if (matched == has_key_) return matched;
  }
  return !has_key_;
}

}  // namespace edp::view
