// Several profiles as one: summed up, or one taken from another.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "runner/model/profile.h"

namespace edp::view {

// Brings profiles to the sample types they share (in the first one's order) and to the finest of their units.
// An error where they share none or measure different things. Also for a single profile: a type that it
// names twice is no common type.
Result<void> make_compatible(std::vector<model::Profile>& profiles);

// The sum. Samples with the same stack and labels become one; those whose values are all 0 go. The profiles
// must be compatible and are used up.
Result<model::Profile> merge(std::vector<model::Profile> profiles);

// Multiplies the values of type i by ratios[i] and rounds; drops samples of which nothing is left.
void scale_values(model::Profile& profile, const std::vector<double>& ratios);

// Scales each of the profile's types to the base's total of it. They must have the same types.
Result<void> normalize_to(model::Profile& profile, const model::Profile& base);

struct BaseOptions {
  bool is_diff_base = false;  // percentages are then of the base's total
  bool normalize = false;     // scale the profile to the base's totals first
};

// profile - base.
Result<model::Profile> subtract(model::Profile profile, model::Profile base, const BaseOptions& options);

// Gives a profile without mappings an unnamed one, so that its locations merge with others of its kind.
void add_missing_mapping(model::Profile& profile);

// A mapping's file that is a URL says where a profile came from, not which program it is of.
void forget_url_mappings(model::Profile& profile);

// The label that marks a sample of the diff base.
inline constexpr std::string_view kBaseLabel = "pprof::base";

}  // namespace edp::view
