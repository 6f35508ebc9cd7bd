#include "runner/view/merge.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "runner/view/measure.h"
#include "runner/view/merger.h"
#include "runner/view/samples.h"

namespace edp::view {
namespace {

using model::Profile;
using model::ValueType;

std::string describe(const ValueType& type) { return std::string(type.type) + "/" + std::string(type.unit); }

std::string describe(const std::vector<ValueType>& types) {
  std::string text = "[";
  for (const ValueType& type : types) {
    if (text.size() > 1) text += ' ';
    text += describe(type);
  }
  return text + "]";
}

bool same(const ValueType& a, const ValueType& b) { return a.type == b.type && a.unit == b.unit; }

Result<void> check_same_types(const Profile& a, const Profile& b) {
  if (!same(a.period_type, b.period_type)) {
    return fail("incompatible period types " + describe(a.period_type) + " and " + describe(b.period_type));
  }
  if (!std::equal(a.sample_types.begin(), a.sample_types.end(), b.sample_types.begin(), b.sample_types.end(),
                  same)) {
    return fail("incompatible sample types " + describe(a.sample_types) + " and " + describe(b.sample_types));
  }
  return {};
}

// Drops and reorders sample types.
Result<void> select_types(Profile& profile, const std::vector<std::string_view>& wanted) {
  std::vector<size_t> from;
  bool as_is = wanted.size() == profile.sample_types.size();
  bool has_default = false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const uint32_t index = profile.type_index(wanted[i]);
    if (index == model::kNone)
      return fail("sample type " + std::string(wanted[i]) + " is not in the profile");
    from.push_back(index);
    as_is &= index == i;
    has_default |= wanted[i] == profile.default_sample_type;
  }
  if (as_is) return {};
  if (!has_default) profile.default_sample_type = wanted.front();
  const size_t width = profile.sample_types.size();
  std::vector<ValueType> types;
  for (const size_t index : from) types.push_back(profile.sample_types[index]);
  std::vector<int64_t> row(from.size());
  const size_t count = profile.sample_count();
  for (size_t s = 0; s < count; ++s) {
    for (size_t i = 0; i < from.size(); ++i) row[i] = profile.values[s * width + from[i]];
    std::copy(row.begin(), row.end(), profile.values.begin() + static_cast<ptrdiff_t>(s * from.size()));
  }
  profile.values.resize(count * from.size());
  profile.sample_types = std::move(types);
  return {};
}

std::string_view without_plural(std::string_view type) {
  if (type.ends_with('s')) type.remove_suffix(1);
  return type;
}

// The finest of the units; nothing where there is just one.
Result<std::optional<ValueType>> common_type(const std::vector<ValueType>& types) {
  if (types.size() <= 1) return std::nullopt;
  ValueType finest = types.front();
  for (const ValueType& type : types) {
    const bool compatible = without_plural(finest.type) == without_plural(type.type) &&
                            (finest.unit == type.unit || same_dimension(finest.unit, type.unit));
    if (!compatible) return fail("incompatible types: " + describe(finest) + " " + describe(type));
    if (scale(1, type.unit, finest.unit).value < 1) finest = type;
  }
  return finest;
}

Result<void> use_common_units(std::vector<Profile>& profiles) {
  std::vector<ValueType> types;
  for (const Profile& profile : profiles) types.push_back(profile.period_type);
  const auto period_type = common_type(types);
  if (!period_type) return fail("period type: " + period_type.error().what);
  std::vector<std::optional<ValueType>> common;
  for (size_t i = 0; i < profiles.front().sample_types.size(); ++i) {
    types.clear();
    for (const Profile& profile : profiles) types.push_back(profile.sample_types[i]);
    const auto type = common_type(types);
    if (!type) return fail("sample types: " + type.error().what);
    common.push_back(*type);
  }
  for (Profile& profile : profiles) {
    if (*period_type) {
      profile.period = to_int64(scale(profile.period, profile.period_type.unit, (*period_type)->unit).value);
      profile.period_type.unit = (*period_type)->unit;
    }
    std::vector<double> ratios(common.size(), 1);
    for (size_t i = 0; i < common.size(); ++i) {
      if (!common[i]) continue;
      ratios[i] = scale(1, profile.sample_types[i].unit, common[i]->unit).value;
      profile.sample_types[i].unit = common[i]->unit;
    }
    scale_values(profile, ratios);
  }
  return {};
}

void mark_as_base(Profile& profile) {
  std::vector<model::Label> labels;
  std::vector<uint64_t> ends;
  labels.reserve(profile.labels.size() + profile.sample_count());
  for (size_t i = 0; i < profile.sample_count(); ++i) {
    for (const model::Label& label : profile.sample(i).labels) {
      if (label.is_number || label.key != kBaseLabel) labels.push_back(label);
    }
    model::Label base;
    base.key = kBaseLabel;
    base.text = "true";
    labels.push_back(base);
    ends.push_back(labels.size());
  }
  profile.labels = std::move(labels);
  profile.label_ends = std::move(ends);
}

std::vector<int64_t> totals(const Profile& profile) {
  std::vector<int64_t> sums(profile.sample_types.size());
  for (size_t i = 0; i < profile.values.size(); ++i) {
    int64_t& sum = sums[i % sums.size()];
    sum = wrapping_add(sum, profile.values[i]);
  }
  return sums;
}

}  // namespace

Result<void> make_compatible(std::vector<Profile>& profiles) {
  std::vector<std::string_view> wanted;
  for (const ValueType& type : profiles.front().sample_types) {
    size_t seen = 0;
    for (const Profile& profile : profiles) {
      for (const ValueType& other : profile.sample_types) seen += other.type == type.type ? 1 : 0;
    }
    if (seen == profiles.size()) wanted.push_back(type.type);
  }
  if (wanted.empty()) return fail("profiles have empty common sample type list");
  for (Profile& profile : profiles) {
    if (auto selected = select_types(profile, wanted); !selected) return selected;
  }
  return profiles.size() == 1 ? Result<void>() : use_common_units(profiles);
}

void scale_values(Profile& profile, const std::vector<double>& ratios) {
  if (std::all_of(ratios.begin(), ratios.end(), [](double ratio) { return ratio == 1; })) return;
  const size_t width = ratios.size();
  std::vector<char> keeps(profile.sample_count(), 0);
  for (size_t i = 0; i < profile.values.size(); ++i) {
    const double ratio = ratios[i % width];
    if (ratio == 1) continue;
    profile.values[i] = to_int64(std::round(static_cast<double>(profile.values[i]) * ratio));
    if (profile.values[i] != 0) keeps[i / width] = 1;
  }
  size_t i = 0;
  edit_samples(profile, [&](const model::Sample&, std::span<uint32_t>&) { return keeps[i++] != 0; });
}

Result<Profile> merge(std::vector<Profile> profiles) {
  for (const Profile& profile : profiles) {
    if (auto checked = check_same_types(profiles.front(), profile); !checked) {
      return tl::unexpected(checked.error());
    }
  }
  Merger merger(profiles.front().sample_types.size());
  for (const Profile& profile : profiles) merger.add(profile);
  bool has_zero = false;
  Profile sum = merger.finish(has_zero);
  combine_headers(profiles, sum);
  if (has_zero) {
    // Merge again, so that what only the zero samples referred to goes too.
    std::vector<Profile> once;
    once.push_back(std::move(sum));
    return merge(std::move(once));
  }
  return sum;
}

Result<void> normalize_to(Profile& profile, const Profile& base) {
  if (auto checked = check_same_types(profile, base); !checked) return checked;
  const std::vector<int64_t> of_base = totals(base), of_profile = totals(profile);
  std::vector<double> ratios(of_base.size(), 0);
  for (size_t i = 0; i < ratios.size(); ++i) {
    if (of_profile[i] == 0) continue;
    ratios[i] = static_cast<double>(of_base[i]) / static_cast<double>(of_profile[i]);
  }
  scale_values(profile, ratios);
  return {};
}

Result<Profile> subtract(Profile profile, Profile base, const BaseOptions& options) {
  if (options.is_diff_base) mark_as_base(base);
  if (options.normalize) {
    if (auto done = normalize_to(profile, base); !done) return tl::unexpected(done.error());
  }
  scale_values(base, std::vector<double>(base.sample_types.size(), -1));
  std::vector<Profile> both;
  both.push_back(std::move(profile));
  both.push_back(std::move(base));
  if (auto compatible = make_compatible(both); !compatible) return tl::unexpected(compatible.error());
  return merge(std::move(both));
}

void add_missing_mapping(Profile& profile) {
  if (!profile.mappings.empty()) return;
  profile.mappings.push_back({.id = 1});
  for (model::Location& location : profile.locations) location.mapping = 0;
}

void forget_url_mappings(Profile& profile) {
  constexpr std::string_view kScheme = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
  constexpr size_t kLetters = 52;
  for (model::Mapping& mapping : profile.mappings) {
    if (!mapping.build_id.empty() || mapping.file.empty()) continue;
    if (kScheme.substr(0, kLetters).find(mapping.file.front()) == std::string_view::npos) continue;
    const size_t end = mapping.file.find_first_not_of(kScheme);
    if (end != std::string_view::npos && mapping.file[end] == ':') mapping.file = {};
  }
}

}  // namespace edp::view
