// The functions of a profile with their figures for every sample type at once, for the page's tables.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "runner/model/profile.h"

namespace edp::report {

struct FunctionRow {
  std::string_view function;  // lives as long as the profile
  std::string_view file;
  std::vector<int64_t> flat;  // one for each sample type
  std::vector<int64_t> cum;
};

struct FunctionTable {
  std::vector<FunctionRow> rows;  // by the first of `order`'s cum, then name: the same from run to run
  uint64_t left_out = 0;
};

// Keeps the functions that are among the `per_ranking` heaviest by flat or by cum of any sample type.
// Functions of one name are one row. A function counts once a sample for cum, however often it recurs.
FunctionTable function_table(const model::Profile& profile, size_t per_ranking);

}  // namespace edp::report
