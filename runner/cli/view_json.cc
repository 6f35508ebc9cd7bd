#include "runner/cli/view_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "runner/view/regex.h"

namespace edp::cli {
namespace {

using nlohmann::ordered_json;

// What is not UTF-8 in a name becomes U+FFFD; the strict handler would throw.
std::string dump(const ordered_json& document, int indent) {
  return document.dump(indent, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

double percent(int64_t value, int64_t total) {
  if (total == 0) return 0;
  const double exact = static_cast<double>(value) / static_cast<double>(total) * 100;
  return std::round(exact * 10000) / 10000;
}

ordered_json edge(const view::Report& report, const view::RowEdge& edge, uint32_t other, int64_t cum) {
  return {{"name", report.name(other)},
          {"value", edge.weight},
          {"percent", percent(edge.weight, cum)},
          {"inlined", edge.inlined}};
}

ordered_json row_json(const view::Report& report, const view::Row& row) {
  return {{"name", row.name}, {"file", row.file},
          {"flat", row.flat}, {"flat_percent", percent(row.flat, report.total)},
          {"cum", row.cum},   {"cum_percent", percent(row.cum, report.total)}};
}

}  // namespace

Result<std::string> to_json(const view::Report& report, bool with_edges, const std::string& pattern) {
  const auto regex = view::compile("peek", pattern);
  if (!regex) return tl::unexpected(regex.error());
  ordered_json nodes = ordered_json::array();
  for (const view::Row& row : report.rows) {
    if (*regex && !view::matches(**regex, row.name)) continue;
    ordered_json node = row_json(report, row);
    if (with_edges) {
      node["callers"] = ordered_json::array();
      for (const uint32_t e : row.callers) {
        node["callers"].push_back(edge(report, report.edges[e], report.edges[e].caller, row.cum));
      }
      node["callees"] = ordered_json::array();
      for (const uint32_t e : row.callees) {
        node["callees"].push_back(edge(report, report.edges[e], report.edges[e].callee, row.cum));
      }
    }
    nodes.push_back(std::move(node));
  }
  if (*regex && nodes.empty()) return fail("no matches found for regexp: " + pattern);
  const ordered_json document = {{"type", report.sample_type},
                                 {"unit", report.sample_unit},
                                 {"total", report.total},
                                 {"node_count", report.node_count},
                                 {"dropped_nodes", report.dropped_nodes},
                                 {"nodes", std::move(nodes)}};
  return dump(document, 2);
}

std::string to_json(const view::DiffReport& diff) {
  const view::Report& report = diff.report;
  ordered_json nodes = ordered_json::array();
  for (size_t i = 0; i < report.rows.size(); ++i) {
    const view::DiffFigures& figures = diff.figures[i];
    ordered_json node = row_json(report, report.rows[i]);
    node["flat_before"] = figures.flat_before;
    node["flat_after"] = figures.flat_after;
    node["cum_before"] = figures.cum_before;
    node["cum_after"] = figures.cum_after;
    nodes.push_back(std::move(node));
  }
  const ordered_json document = {{"type", report.sample_type},
                                 {"unit", report.sample_unit},
                                 {"total", report.total},
                                 {"total_before", diff.total_before},
                                 {"total_after", diff.total_after},
                                 {"node_count", report.node_count},
                                 {"dropped_nodes", report.dropped_nodes},
                                 {"nodes", std::move(nodes)}};
  return dump(document, 2);
}

std::string to_json(const view::FlameTree& tree, const std::string& type, const std::string& unit) {
  // Flat, parents first: a deep stack would overflow a writer that nests.
  ordered_json nodes = ordered_json::array();
  for (const view::FlameNode& node : tree.nodes) {
    nodes.push_back({{"name", tree.names[node.name]},
                     {"file", tree.names[node.file]},
                     {"parent", node.parent},
                     {"total", node.total},
                     {"self", node.self}});
  }
  const ordered_json document = {{"type", type},
                                 {"unit", unit},
                                 {"total", tree.nodes.front().total},
                                 {"dropped", tree.dropped},
                                 {"nodes", std::move(nodes)}};
  return dump(document, -1);
}

}  // namespace edp::cli
