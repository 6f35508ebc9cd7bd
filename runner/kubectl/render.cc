#include "runner/kubectl/render.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "runner/report/read.h"
#include "runner/report/report.h"

namespace edp::kubectl {

Result<std::string> combined_json(const std::vector<FetchedReport>& reports, const std::string& run_id,
                                  const std::string& gate, int status) {
  if (reports.size() == 1) return reports.front().json;
  std::vector<std::string> texts;
  for (const FetchedReport& report : reports) texts.push_back(report.json);
  std::string in_force = gate;
  if (in_force.empty() && !texts.empty()) {
    // The profile's: every target's report names it.
    const auto first = report::from_json(texts.front());
    if (!first) return tl::unexpected(first.error().at(reports.front().path));
    in_force = first->gate;
  }
  return report::merge_json(texts, {.run_id = run_id, .gate = in_force, .exit_status = status});
}

std::string for_terminal(const model::Report& report, bool no_color) {
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40;  // NOLINT(*-vararg)
  const bool colour = !no_color && std::getenv("NO_COLOR") == nullptr && ::isatty(STDOUT_FILENO) != 0;
  return report::to_terminal(report, {.colour = colour, .width = known ? size.ws_col : 100});
}

}  // namespace edp::kubectl
