// The pods that EDP may diagnose, with what it last said of each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runner/kubectl/cluster.h"

namespace edp::kubectl {

struct TopRow {
  std::string ns, pod, node;
  bool ready = false;
  int64_t restarts = 0;
  bool judged = false;  // a run has a report of it
  int64_t critical = 0, warning = 0, info = 0;
  std::string worst;  // the title of its worst finding, where a status names it
  std::string run;    // the latest run with a report of this very pod (by uid)
  int64_t when = 0;   // that run's end, else its start
};

// Worst first: by criticals, warnings, infos; then pods with restarts; pods that were never judged last.
std::vector<TopRow> top_rows(const std::vector<Json>& pods, const std::vector<Json>& runs);

std::string top_table(const std::vector<TopRow>& rows, bool all_namespaces, int64_t now);
Json top_json(const std::vector<TopRow>& rows);

}  // namespace edp::kubectl
