#include "runner/view/report.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <numeric>

#include "runner/view/filter.h"
#include "runner/view/labels.h"
#include "runner/view/measure.h"
#include "runner/view/merge.h"

namespace edp::view {
namespace {

// Percentages are of this: the sum of the samples' absolute values. Of a difference, the base's alone.
int64_t total_of(const model::Profile& profile, Value value) {
  int64_t total = 0, divisor = 0, base_total = 0, base_divisor = 0;
  const size_t width = profile.sample_types.size();
  const bool has_labels = !profile.labels.empty();
  for (size_t i = 0; i < profile.sample_count(); ++i) {
    const int64_t v = wrapping_abs(profile.values[i * width + value.type]);
    const int64_t d = value.mean ? profile.values[i * width] : 0;
    total = wrapping_add(total, v);
    divisor = wrapping_add(divisor, d);
    if (!has_labels) continue;
    for (const model::Label& label : profile.sample(i).labels) {
      if (label.is_number || label.key != kBaseLabel || label.text != "true") continue;
      base_total = wrapping_add(base_total, v);
      base_divisor = wrapping_add(base_divisor, d);
      break;
    }
  }
  if (base_total > 0) return mean_of(base_total, base_divisor);
  return mean_of(total, divisor);
}

// What one row of a table will be, before anything about it is written out.
struct Candidate {
  uint32_t node = 0;
  Weight weight;
  std::string name;
};

bool is_negative(const Weight& weight) { return weight.flat < 0 || (weight.flat == 0 && weight.cum < 0); }

// Heaviest first, by name among equals. Go compares addresses as numbers, and as these are printed with
// leading zeros that is the order of the names, too.
void sort_rows(std::vector<Candidate>& rows, const NodeTable& table, bool by_cum) {
  const auto key = [by_cum](const Candidate& row) {
    return wrapping_abs(by_cum ? row.weight.cum : row.weight.flat);
  };
  std::sort(rows.begin(), rows.end(), [&](const Candidate& a, const Candidate& b) {
    if (key(a) != key(b)) return key(a) > key(b);
    if (const int order = a.name.compare(b.name); order != 0) return order < 0;
    // pprof leaves the order of these open (they print the same name); ours is fixed.
    if (a.weight.cum != b.weight.cum) return wrapping_abs(a.weight.cum) > wrapping_abs(b.weight.cum);
    const NodeInfo &x = table.info(a.node), &y = table.info(b.node);
    if (x.object != y.object) return x.object < y.object;
    if (x.start_line != y.start_line) return x.start_line < y.start_line;
    return a.node < b.node;
  });
}

int64_t cutoff(int64_t total, double fraction) {
  return wrapping_abs(to_int64(static_cast<double>(total) * fraction));
}

struct Trim {
  int node_count;
  double node_fraction, edge_fraction;

  Trim(const Options& options, Kind kind)
      : node_count(options.node_count),
        node_fraction(options.node_fraction),
        edge_fraction(options.edge_fraction) {
    if (node_count == -1) node_count = kind == Kind::kTop ? 0 : 80;
    if (options.trim && kind != Kind::kPeek) return;
    node_count = 0;
    node_fraction = edge_fraction = 0;
  }
};

// The unit that shows the smallest figure of the table, or a hundredth of it where the largest dwarfs it.
std::string choose_unit(const std::vector<Candidate>& rows, const Report& report) {
  int64_t smallest = 0;
  for (const Candidate& row : rows) {
    int64_t value = wrapping_abs(row.weight.flat_value());
    if (value == 0) value = wrapping_abs(row.weight.cum_value());
    if (value > 0 && (smallest == 0 || value < smallest)) smallest = value;
  }
  int64_t largest = report.total;
  if (smallest == 0) smallest = largest;
  if (report.ratio > 0 && report.ratio != 1) {
    smallest = to_int64(static_cast<double>(smallest) * report.ratio);
    largest = to_int64(static_cast<double>(largest) * report.ratio);
  }
  const auto unit_of = [&](int64_t value) { return scale(value, report.sample_unit, "minimum").unit; };
  std::string unit = unit_of(smallest);
  const auto hundredfold = static_cast<int64_t>(static_cast<uint64_t>(smallest) * 100);
  if (unit != unit_of(largest) && hundredfold < largest) unit = unit_of(hundredfold);
  return unit.empty() ? report.sample_unit : unit;
}

// Which rows were inlined into their callers: all that a flat table shows of the calls.
void note_inlined(Report& report, const std::vector<uint32_t>& row_of, const std::vector<Edge>& edges) {
  std::vector<char> inlined(report.rows.size(), 0), called(report.rows.size(), 0);
  for (const Edge& edge : edges) {
    const uint32_t row = row_of[edge.callee];
    if (row != model::kNone) (edge.inlined ? inlined : called)[row] = 1;
  }
  for (size_t i = 0; i < report.rows.size(); ++i) {
    if (inlined[i]) report.rows[i].inlined = called[i] ? "(partial-inline)" : "(inline)";
  }
}

void fill_edges(Report& report, const NodeTable& table, std::vector<uint32_t> row_of,
                const std::vector<Edge>& edges) {
  const auto end_of_edge = [&](uint32_t node) {
    if (row_of[node] == model::kNone) {
      row_of[node] = static_cast<uint32_t>(report.rows.size() + report.others.size());
      report.others.push_back(printable_name(table.info(node)));
    }
    return row_of[node];
  };
  const auto rows = static_cast<uint32_t>(report.rows.size());
  for (const Edge& edge : edges) {
    if (row_of[edge.caller] >= rows && row_of[edge.callee] >= rows) continue;
    const auto number = static_cast<uint32_t>(report.edges.size());
    const RowEdge& out = report.edges.emplace_back(
        RowEdge{end_of_edge(edge.caller), end_of_edge(edge.callee), edge.weight, edge.inlined});
    if (out.caller < rows) report.rows[out.caller].callees.push_back(number);
    if (out.callee < rows) report.rows[out.callee].callers.push_back(number);
  }
  const auto heaviest_first = [&report](uint32_t a, uint32_t b) {
    const RowEdge &x = report.edges[a], &y = report.edges[b];
    if (wrapping_abs(x.weight) != wrapping_abs(y.weight)) {
      return wrapping_abs(x.weight) > wrapping_abs(y.weight);
    }
    if (const int order = report.name(x.caller).compare(report.name(y.caller)); order != 0) return order < 0;
    if (const int order = report.name(x.callee).compare(report.name(y.callee)); order != 0) return order < 0;
    return std::tie(x.caller, x.callee) < std::tie(y.caller, y.callee);
  };
  for (Row& row : report.rows) {
    std::sort(row.callers.begin(), row.callers.end(), heaviest_first);
    std::sort(row.callees.begin(), row.callees.end(), heaviest_first);
  }
}

}  // namespace

std::string Report::format(int64_t value) const {
  if (ratio > 0 && ratio != 1) value = to_int64(static_cast<double>(value) * ratio);
  return scaled_label(value, sample_unit, unit);
}

Result<uint32_t> sample_type_index(const model::Profile& profile, const std::string& name) {
  const size_t count = profile.sample_types.size();
  if (count == 0) return fail("profile has no samples");
  if (name.empty()) {
    if (!profile.default_sample_type.empty()) {
      const uint32_t index = profile.type_index(profile.default_sample_type);
      if (index != model::kNone) return index;
    }
    return static_cast<uint32_t>(count - 1);
  }
  int64_t number = 0;
  const std::string_view digits = std::string_view(name).substr(name.front() == '+' ? 1 : 0);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc() && end == digits.data() + digits.size()) {
    if (number < 0 || number >= static_cast<int64_t>(count)) {
      return fail("sample_index " + name + " is outside the range [0.." + std::to_string(count - 1) + "]");
    }
    return static_cast<uint32_t>(number);
  }
  // Old profiles call them "space" and "objects".
  std::string_view without_inuse = name;
  if (without_inuse.starts_with("inuse_")) without_inuse.remove_prefix(6);
  std::string known;
  for (size_t i = 0; i < count; ++i) {
    const std::string_view type = profile.sample_types[i].type;
    if (type == name || type == without_inuse) return static_cast<uint32_t>(i);
    if (i > 0) known += ' ';
    known += type;
  }
  return fail("sample_index \"" + name + "\" must be one of: [" + known + "]");
}

Result<Report> make_report(model::Profile profile, const Options& options, Kind kind,
                           std::vector<std::string>& warnings) {
  if (options.divide_by == 0) return fail("zero divisor specified");
  const auto type = sample_type_index(profile, options.sample_index);
  if (!type) return tl::unexpected(type.error());
  const Value value{*type, options.mean};
  if (options.relative_percentages) {
    if (auto done = apply_filters(profile, options, warnings); !done) return tl::unexpected(done.error());
  }
  Report report;
  report.total = total_of(profile, value);
  report.sample_type = (options.mean ? "mean_" : "") + std::string(profile.sample_types[*type].type);
  report.sample_unit = profile.sample_types[*type].unit;
  report.ratio = 1 / options.divide_by;
  report.unit = options.unit;
  report.storage = profile.storage;
  if (!options.relative_percentages) {
    if (auto done = apply_filters(profile, options, warnings); !done) return tl::unexpected(done.error());
  }

  const Trim trim(options, kind);
  auto table = std::make_shared<const NodeTable>(profile, options);
  const std::vector<Weight> weights = sum_nodes(profile, *table, value);
  std::vector<Candidate> rows;
  int64_t flat_total = 0;
  for (uint32_t node = 0; node < weights.size(); ++node) {
    if (weights[node].flat == 0 && weights[node].cum == 0) continue;
    if (options.drop_negative && is_negative(weights[node])) continue;
    flat_total = wrapping_add(flat_total, weights[node].flat);
    rows.push_back({node, weights[node], {}});
  }
  const int64_t node_cutoff = cutoff(flat_total, trim.node_fraction);
  const size_t all_rows = rows.size();
  std::erase_if(rows, [&](const Candidate& row) { return wrapping_abs(row.weight.cum) < node_cutoff; });
  report.dropped_nodes = all_rows - rows.size();
  report.node_count = rows.size();
  for (Candidate& row : rows) row.name = printable_name(table->info(row.node));
  sort_rows(rows, *table, options.sort_by_cum);
  if (trim.node_count > 0 && rows.size() > static_cast<size_t>(trim.node_count)) {
    rows.resize(static_cast<size_t>(trim.node_count));
  }
  if (report.unit == "minimum" && !rows.empty()) report.unit = choose_unit(rows, report);

  std::vector<uint32_t> kept, row_of(table->size(), model::kNone);
  int64_t shown = 0;
  for (const Candidate& row : rows) {
    row_of[row.node] = static_cast<uint32_t>(kept.size());
    kept.push_back(row.node);
    shown = wrapping_add(shown, row.weight.flat_value());
    Row& out = report.rows.emplace_back();
    out.name = row.name;
    out.file = table->some_file(row.node);
    out.flat = row.weight.flat_value();
    out.cum = row.weight.cum_value();
  }
  // Where pprof left out nothing it does not build its graph anew: nodes whose values add up to 0 (those of a
  // difference) have no row then, but still their calls, which no cutoff concerns.
  if (rows.size() == all_rows) {
    kept.resize(table->size());
    std::iota(kept.begin(), kept.end(), 0);
  }
  std::vector<Edge> edges = sum_edges(profile, *table, value, kept, kind == Kind::kTop);
  const int64_t edge_cutoff = cutoff(flat_total, trim.edge_fraction);
  std::erase_if(edges, [&](const Edge& edge) {
    return row_of[edge.callee] != model::kNone && wrapping_abs(edge.weight) < edge_cutoff;
  });
  if (kind == Kind::kTop) {
    note_inlined(report, row_of, edges);
  } else {
    fill_edges(report, *table, std::move(row_of), edges);
  }
  report.labels = report_labels(profile, report, options, shown, trim.node_fraction);
  // Rows' file names live in the table, names in the rows themselves.
  report.storage = std::make_shared<std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>>(
      profile.storage, table);
  return report;
}

}  // namespace edp::view
