// What changed from one profile to another, with the figures of both.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "runner/model/profile.h"
#include "runner/view/options.h"
#include "runner/view/report.h"

namespace edp::view {

struct DiffFigures {
  int64_t flat_before = 0, flat_after = 0, cum_before = 0, cum_after = 0;
};

struct DiffReport {
  Report report;                     // after - before; percentages are of before's total, as with -diff_base
  std::vector<DiffFigures> figures;  // one for each of report.rows
  int64_t total_before = 0, total_after = 0;
};

// With normalize, `after` is scaled to the total of `before` first.
Result<DiffReport> make_diff(model::Profile before, model::Profile after, const Options& options,
                             bool normalize, std::vector<std::string>& warnings);

std::string diff_text(const DiffReport& diff);

}  // namespace edp::view
