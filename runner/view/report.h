// The tables of `go tool pprof`: top (flat table), tree and peek (with callers and callees).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "runner/model/profile.h"
#include "runner/view/graph.h"
#include "runner/view/options.h"

namespace edp::view {

enum class Kind {
  kTop,   // edges are left out of the result
  kTree,  // 80 rows unless asked otherwise
  kPeek,  // no trimming
};

struct Row {
  std::string name;
  std::string inlined;    // "(inline)", "(partial-inline)" or empty; kTop only
  std::string_view file;  // a source file of the row, empty where unknown
  int64_t flat = 0, cum = 0;
  std::vector<uint32_t> callers, callees;  // indices into Report::edges, heaviest first
};

struct RowEdge {
  uint32_t caller = 0, callee = 0;  // for Report::name()
  int64_t weight = 0;
  bool inlined = false;
};

struct Report {
  std::vector<std::string> labels;  // the lines above the table
  std::string sample_type, sample_unit;
  std::string unit;       // what figures are printed in
  double ratio = 1;       // figures are multiplied by it when they are printed
  int64_t total = 0;      // what percentages are of, in sample_unit
  size_t node_count = 0;  // before the table was cut to node_count
  size_t dropped_nodes = 0;
  std::vector<Row> rows;
  std::vector<RowEdge> edges;
  // Names of nodes that are no rows but have calls to or from rows: their values add up to nothing.
  std::vector<std::string> others;

  // What rows, and the profile's own strings, point into.
  std::shared_ptr<const void> storage;
  [[nodiscard]] std::string format(int64_t value) const;
  [[nodiscard]] const std::string& name(uint32_t end_of_edge) const {
    return end_of_edge < rows.size() ? rows[end_of_edge].name : others[end_of_edge - rows.size()];
  }
};

// Sums up `profile` (which is used up: filters work in place). Warnings are for the user, not failures.
Result<Report> make_report(model::Profile profile, const Options& options, Kind kind,
                           std::vector<std::string>& warnings);

// Index of the sample type that options ask for.
Result<uint32_t> sample_type_index(const model::Profile& profile, const std::string& name);

// Text exactly as pprof prints it for -top, -tree, and (with a pattern on the row's name) -peek.
std::string top_text(const Report& report);
Result<std::string> tree_text(const Report& report, const std::string& pattern);

}  // namespace edp::view
