// What a view shows and how: the options of `go tool pprof`, with its defaults and under its names.
#pragma once

#include <string>

namespace edp::view {

// What one row stands for.
enum class Granularity { kFunctions, kFileFunctions, kFiles, kLines, kAddresses };

// Regular expressions are RE2's; an empty one is not set.
struct Options {
  // Name or index of the sample type; empty: the profile's default, else the last. "inuse_X" finds "X" too.
  std::string sample_index;
  bool mean = false;  // value divided by the first sample type's (a count)

  Granularity granularity = Granularity::kFunctions;
  bool no_inlines = false;    // inlined calls count for the function they were inlined into
  bool show_columns = false;  // with kLines
  std::string trim_path;      // prefixes (separated by ':') cut off file names

  bool sort_by_cum = false;
  int node_count = -1;  // rows to show; 0 or less: all (tree: 80)
  double node_fraction = 0.005, edge_fraction = 0.001;
  bool trim = true;  // false: the three above are taken as 0
  bool drop_negative = false;
  bool compact_labels = false;
  bool relative_percentages = false;  // percent of what the filters leave
  double divide_by = 1;
  std::string unit = "minimum";

  std::string focus, ignore, hide, show, show_from, prune_from;  // match function, file and binary name
  std::string tag_focus, tag_ignore;  // "regex", "key=regex", "32kb:64kb", "bytes=4mb:"
};

}  // namespace edp::view
