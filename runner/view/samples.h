// Editing a profile's samples in place: frames and samples can only go, so no column has to grow.
#pragma once

#include <cstring>
#include <span>

#include "runner/model/profile.h"

namespace edp::view {

// Calls edit(sample, stack) for each sample in order. `stack` is the sample's own, writable range of location
// indices; edit may rewrite and shrink it, and returns whether the sample stays. `sample` must not be used
// for its locations once the stack was written to.
template <typename Edit>
void edit_samples(model::Profile& profile, Edit edit) {
  const size_t width = profile.sample_types.size();
  const bool has_labels = !profile.label_ends.empty();
  size_t kept = 0;
  uint64_t stack_begin = 0, stack_out = 0, label_begin = 0, label_out = 0;
  const size_t count = profile.sample_count();
  for (size_t i = 0; i < count; ++i) {
    const uint64_t stack_end = profile.location_ends[i];
    const uint64_t label_end = has_labels ? profile.label_ends[i] : 0;
    // The columns before this sample may be overwritten already, so it is put together here.
    model::Sample sample;
    sample.locations = std::span(profile.sample_locations).subspan(stack_begin, stack_end - stack_begin);
    sample.values = std::span(profile.values).subspan(i * width, width);
    if (has_labels) sample.labels = std::span(profile.labels).subspan(label_begin, label_end - label_begin);
    std::span<uint32_t> stack =
        std::span(profile.sample_locations).subspan(stack_begin, stack_end - stack_begin);
    if (edit(sample, stack)) {
      if (!stack.empty() && stack.data() != profile.sample_locations.data() + stack_out) {
        std::memmove(profile.sample_locations.data() + stack_out, stack.data(), stack.size_bytes());
      }
      stack_out += stack.size();
      profile.location_ends[kept] = stack_out;
      if (kept != i) {
        for (size_t v = 0; v < width; ++v) profile.values[kept * width + v] = profile.values[i * width + v];
      }
      if (has_labels) {
        for (uint64_t l = label_begin; l < label_end; ++l) profile.labels[label_out++] = profile.labels[l];
        profile.label_ends[kept] = label_out;
      }
      ++kept;
    }
    stack_begin = stack_end;
    label_begin = label_end;
  }
  profile.location_ends.resize(kept);
  profile.sample_locations.resize(stack_out);
  profile.values.resize(kept * width);
  if (has_labels) {
    profile.label_ends.resize(kept);
    profile.labels.resize(label_out);
  }
}

}  // namespace edp::view
