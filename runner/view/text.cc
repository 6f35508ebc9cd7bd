#include <string>

#include "runner/view/measure.h"
#include "runner/view/regex.h"
#include "runner/view/report.h"

namespace edp::view {
namespace {

// Widths count characters, not bytes: a binary's or a user's unit may be any text.
void add_right(std::string& out, std::string_view text, size_t width) {
  size_t characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  if (characters < width) out.append(width - characters, ' ');
  out += text;
}

constexpr std::string_view kSeparator =
    "----------------------------------------------------------+-------------\n";
constexpr std::string_view kLegend =
    "      flat  flat%   sum%        cum   cum%   calls calls% + context \t \t \n";

void add_labels(std::string& out, const Report& report) {
  for (const std::string& label : report.labels) out += label + "\n";
}

// "      flat flat% sum%        cum cum%"
void add_figures(std::string& out, const Report& report, const Row& row, int64_t flat_sum) {
  add_right(out, report.format(row.flat), 10);
  out += ' ';
  out += percentage(row.flat, report.total);
  out += ' ';
  out += percentage(flat_sum, report.total);
  out += ' ';
  add_right(out, report.format(row.cum), 10);
  out += ' ';
  out += percentage(row.cum, report.total);
}

void add_edge(std::string& out, const Report& report, const Row& row, const RowEdge& edge, uint32_t other) {
  add_right(out, report.format(edge.weight), 50);
  out += ' ';
  out += percentage(edge.weight, row.cum);
  out += " |   ";
  out += report.name(other);
  if (edge.inlined) out += " (inline)";
  out += '\n';
}

}  // namespace

std::string top_text(const Report& report) {
  std::string out;
  add_labels(out, report);
  out += "      flat  flat%   sum%        cum   cum%\n";
  int64_t flat_sum = 0;
  for (const Row& row : report.rows) {
    flat_sum = wrapping_add(flat_sum, row.flat);
    add_figures(out, report, row, flat_sum);
    out += "  " + row.name;
    if (!row.inlined.empty()) out += " " + row.inlined;
    out += '\n';
  }
  return out;
}

Result<std::string> tree_text(const Report& report, const std::string& pattern) {
  const auto regex = compile("peek", pattern);
  if (!regex) return tl::unexpected(regex.error());
  std::string out;
  add_labels(out, report);
  out += kSeparator;
  out += kLegend;
  int64_t flat_sum = 0;
  bool any = false;
  for (const Row& row : report.rows) {
    if (*regex && !matches(**regex, row.name)) continue;
    any = true;
    out += kSeparator;
    for (const uint32_t e : row.callers) add_edge(out, report, row, report.edges[e], report.edges[e].caller);
    flat_sum = wrapping_add(flat_sum, row.flat);
    add_figures(out, report, row, flat_sum);
    out += "                | " + row.name + "\n";
    for (const uint32_t e : row.callees) add_edge(out, report, row, report.edges[e], report.edges[e].callee);
  }
  if (!report.rows.empty()) out += kSeparator;
  if (*regex && !any) return fail("no matches found for regexp: " + pattern);
  return out;
}

}  // namespace edp::view
