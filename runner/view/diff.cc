#include "runner/view/diff.h"

#include <tsl/robin_map.h>

#include <algorithm>

#include "runner/view/measure.h"
#include "runner/view/merge.h"

namespace edp::view {
namespace {

using Figures = tsl::robin_map<std::string, std::pair<int64_t, int64_t>>;  // name -> flat, cum

// Every row of a side, none trimmed.
Result<Figures> figures_of(const model::Profile& profile, Options options, int64_t& total) {
  options.trim = false;
  std::vector<std::string> unused;
  auto report = make_report(profile, options, Kind::kTop, unused);
  if (!report) return tl::unexpected(report.error());
  total = report->total;
  Figures figures;
  for (const Row& row : report->rows) {
    auto& [flat, cum] = figures[row.name];
    flat = wrapping_add(flat, row.flat);
    cum = wrapping_add(cum, row.cum);
  }
  return figures;
}

void add_right(std::string& out, const std::string& text, size_t width) {
  if (text.size() < width) out.append(width - text.size(), ' ');
  out += text;
}

}  // namespace

Result<DiffReport> make_diff(model::Profile before, model::Profile after, const Options& options,
                             bool normalize, std::vector<std::string>& warnings) {
  std::vector<model::Profile> both;
  both.push_back(std::move(before));
  both.push_back(std::move(after));
  if (auto done = make_compatible(both); !done) return tl::unexpected(done.error());
  if (normalize) {
    if (auto done = normalize_to(both[1], both[0]); !done) return tl::unexpected(done.error());
  }
  DiffReport diff;
  const auto old_figures = figures_of(both[0], options, diff.total_before);
  if (!old_figures) return tl::unexpected(old_figures.error());
  const auto new_figures = figures_of(both[1], options, diff.total_after);
  if (!new_figures) return tl::unexpected(new_figures.error());

  auto change = subtract(std::move(both[1]), std::move(both[0]), {.is_diff_base = true});
  if (!change) return tl::unexpected(change.error());
  auto report = make_report(std::move(*change), options, Kind::kTop, warnings);
  if (!report) return tl::unexpected(report.error());
  diff.report = std::move(*report);
  for (const Row& row : diff.report.rows) {
    DiffFigures& figures = diff.figures.emplace_back();
    if (const auto old = old_figures->find(row.name); old != old_figures->end()) {
      std::tie(figures.flat_before, figures.cum_before) = old->second;
    }
    if (const auto now = new_figures->find(row.name); now != new_figures->end()) {
      std::tie(figures.flat_after, figures.cum_after) = now->second;
    }
  }
  return diff;
}

std::string diff_text(const DiffReport& diff) {
  const Report& report = diff.report;
  std::string out;
  for (const std::string& label : report.labels) out += label + "\n";
  out += "Total before " + report.format(diff.total_before) + ", after " + report.format(diff.total_after) +
         "\n";
  out += "      flat  flat%        cum   cum%  flat before flat after  cum before  cum after\n";
  for (size_t i = 0; i < report.rows.size(); ++i) {
    const Row& row = report.rows[i];
    const DiffFigures& figures = diff.figures[i];
    add_right(out, report.format(row.flat), 10);
    out.append(" ").append(percentage(row.flat, report.total)).append(" ");
    add_right(out, report.format(row.cum), 10);
    out.append(" ").append(percentage(row.cum, report.total)).append(" ");
    add_right(out, report.format(figures.flat_before), 12);
    add_right(out, report.format(figures.flat_after), 11);
    add_right(out, report.format(figures.cum_before), 12);
    add_right(out, report.format(figures.cum_after), 11);
    out += "  " + row.name;
    if (!row.inlined.empty()) out += " " + row.inlined;
    out += "\n";
  }
  return out;
}

}  // namespace edp::view
