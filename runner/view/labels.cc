#include "runner/view/labels.h"

#include <array>
#include <ctime>
#include <utility>

#include "runner/view/measure.h"
#include "runner/view/path.h"

namespace edp::view {
namespace {

std::string local_time(int64_t nanoseconds) {
  constexpr int64_t kSecond = 1'000'000'000;
  std::time_t seconds = nanoseconds / kSecond;
  if (nanoseconds % kSecond < 0) --seconds;
  std::tm parts{};
  if (localtime_r(&seconds, &parts) == nullptr) return std::to_string(seconds);
  std::array<char, 128> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S %Z", &parts);
  return std::string(text.data(), size);
}

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? std::string() : text.substr(begin);
}

void add_filters(const Options& options, std::vector<std::string>& labels) {
  const std::pair<const char*, const std::string*> filters[] = {
      {"focus", &options.focus},         {"ignore", &options.ignore},       {"hide", &options.hide},
      {"show", &options.show},           {"show_from", &options.show_from}, {"tagfocus", &options.tag_focus},
      {"tagignore", &options.tag_ignore}};
  bool first = true;
  for (const auto& [name, value] : filters) {
    if (value->empty()) continue;
    if (std::exchange(first, false)) labels.emplace_back("Active filters:");
    std::string line = std::string(name) + "=" + *value;
    constexpr size_t kLongest = 80;
    if (line.size() > kLongest) line = line.substr(0, kLongest) + "…";
    labels.push_back("   " + line);
  }
}

}  // namespace

std::vector<std::string> profile_labels(const model::Profile& profile, const Report& report) {
  std::vector<std::string> labels;
  if (!profile.mappings.empty()) {
    const model::Mapping& program = profile.mappings.front();
    if (!program.file.empty()) labels.push_back("File: " + std::string(base_name(program.file)));
    if (!program.build_id.empty()) labels.push_back("Build ID: " + std::string(program.build_id));
  }
  for (const std::string_view comment : profile.comments) {
    if (!comment.starts_with('#')) labels.emplace_back(comment);
  }
  if (!report.sample_type.empty()) labels.push_back("Type: " + report.sample_type);
  if (!profile.doc_url.empty()) labels.push_back("Doc: " + std::string(profile.doc_url));
  if (profile.time_nanos != 0) labels.push_back("Time: " + local_time(profile.time_nanos));
  if (profile.duration_nanos != 0) {
    const Scaled total = scale(report.total, report.sample_unit, "nanoseconds");
    std::string share;
    if (total.unit == "ns" && total.value != 0) {
      share.append("(").append(percentage(to_int64(total.value), profile.duration_nanos)).append(")");
    }
    labels.push_back("Duration: " + scaled_label(profile.duration_nanos, "nanoseconds", "auto") +
                     ", Total samples = " + report.format(report.total) + " " + share);
  }
  return labels;
}

std::vector<std::string> report_labels(const model::Profile& profile, const Report& report,
                                       const Options& options, int64_t shown, double node_fraction) {
  std::vector<std::string> labels;
  if (!options.compact_labels) labels = profile_labels(profile, report);
  add_filters(options, labels);
  labels.push_back("Showing nodes accounting for " + report.format(shown) + ", " +
                   trimmed(percentage(shown, report.total)) + " of " + report.format(report.total) +
                   " total");
  if (report.total == 0) return labels;
  if (report.dropped_nodes > 0) {
    const int64_t cut = wrapping_abs(to_int64(static_cast<double>(report.total) * node_fraction));
    labels.push_back("Dropped " + std::to_string(report.dropped_nodes) +
                     (report.dropped_nodes > 1 ? " nodes" : " node") + " (cum <= " + report.format(cut) +
                     ")");
  }
  if (!report.rows.empty() && report.rows.size() < report.node_count) {
    labels.push_back("Showing top " + std::to_string(report.rows.size()) + " nodes out of " +
                     std::to_string(report.node_count));
  }
  return labels;
}

}  // namespace edp::view
