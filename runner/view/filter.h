// Leaving out frames and samples before anything is summed up, as pprof's options of the same names do.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "runner/model/profile.h"
#include "runner/view/options.h"

namespace edp::view {

// Takes out what the profile itself calls uninteresting (drop_frames, keep_frames): such a frame and all it
// calls, unless nothing would be left. A pattern that does not compile is ignored, as pprof does.
void drop_uninteresting(model::Profile& profile);

// focus, ignore, hide, show, show_from, tag_focus, tag_ignore, prune_from, in this order.
// `warnings` gets "Focus expression matched no samples" and the like.
Result<void> apply_filters(model::Profile& profile, const Options& options,
                           std::vector<std::string>& warnings);

// Whether labels without meaning in the format are skipped: neither a text nor a number nor a unit.
inline bool is_empty(const model::Label& label) {
  return label.is_number ? label.number == 0 && label.unit.empty() : label.text.empty();
}

}  // namespace edp::view
