// The options that the commands on profiles share, under pprof's names.
#pragma once

#include <string>
#include <vector>

#include "runner/cli/load_profiles.h"
#include "runner/view/options.h"

namespace CLI {
class App;
}

namespace edp::cli {

struct ViewSettings {
  view::Options view;
  Sources sources;
  std::vector<std::string> diff_base;
  std::string format;  // "table", "json", "folded"
  std::string output;  // a file; empty: stdout
  std::string peek;    // pattern of the rows to show

  // pprof's flags that stand for other options; settle() turns them into those.
  bool functions = false, file_functions = false, files = false, lines = false, addresses = false;
  bool flat = false, mean_delay = false;
  std::vector<std::string> legacy_types;

  // An error where options contradict each other.
  Result<void> settle();
};

// The FILE arguments and all options; `settings` must outlive the app.
void add_view_options(CLI::App& command, ViewSettings& settings);

}  // namespace edp::cli
