#include "runner/kubectl/top.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "runner/kubectl/output.h"
#include "runner/kubectl/run_view.h"

namespace edp::kubectl {
namespace {

TopRow row_of(const Json& pod) {
  TopRow row{.ns = text_at(pod, {"metadata", "namespace"}),
             .pod = text_at(pod, {"metadata", "name"}),
             .node = text_at(pod, {"spec", "nodeName"})};
  for (const Json& condition : member(pod, {"status", "conditions"})) {
    if (text_at(condition, {"type"}) == "Ready") row.ready = text_at(condition, {"status"}) == "True";
  }
  for (const Json& container : member(pod, {"status", "containerStatuses"})) {
    row.restarts += number_at(container, {"restartCount"});
  }
  return row;
}

void judge(TopRow& row, const RunView& run, const RunView::Target& target, int64_t when) {
  if (row.judged && row.when >= when) return;
  row.judged = true;
  row.when = when;
  row.run = run.name;
  row.critical = target.critical;
  row.warning = target.warning;
  row.info = target.info;
  row.worst.clear();
  for (const RunView::Worst& finding : run.worst) {
    const bool of_this = finding.pod == target.pod || (finding.pod.empty() && run.targets.size() == 1);
    if (of_this && row.worst.empty()) row.worst = finding.title;
  }
}

std::string verdict(const TopRow& row) {
  if (!row.judged) return "never judged";
  std::string text;
  const auto add = [&](int64_t count, const char* what) {
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  add(row.critical, "CRITICAL");
  add(row.warning, "WARNING");
  add(row.info, "INFO");
  return text.empty() ? "no findings" : text;
}

}  // namespace

std::vector<TopRow> top_rows(const std::vector<Json>& pods, const std::vector<Json>& runs) {
  std::vector<TopRow> rows;
  std::map<std::string, size_t, std::less<>> by_uid;
  for (const Json& pod : pods) {
    by_uid[text_at(pod, {"metadata", "uid"})] = rows.size();
    rows.push_back(row_of(pod));
  }
  for (const Json& object : runs) {
    const RunView run = read_run(object);
    const int64_t when = std::max(seconds_of(run.completed), seconds_of(run.started));
    for (const RunView::Target& target : run.targets) {
      const auto row = by_uid.find(target.uid);
      if (row != by_uid.end() && !target.digest.empty()) judge(rows[row->second], run, target, when);
    }
  }
  std::ranges::stable_sort(rows, [](const TopRow& a, const TopRow& b) {
    return std::tie(b.judged, b.critical, b.warning, b.info, b.restarts, a.ns, a.pod) <
           std::tie(a.judged, a.critical, a.warning, a.info, a.restarts, b.ns, b.pod);
  });
  return rows;
}

std::string top_table(const std::vector<TopRow>& rows, bool all_namespaces, int64_t now) {
  std::vector<std::vector<std::string>> cells = {
      {"POD", "READY", "RESTARTS", "VERDICT", "RUN", "AGO", "WORST FINDING"}};
  if (all_namespaces) cells.front().insert(cells.front().begin(), "NAMESPACE");
  for (const TopRow& row : rows) {
    std::vector<std::string> line = {row.pod,
                                     row.ready ? "yes" : "no",
                                     std::to_string(row.restarts),
                                     verdict(row),
                                     row.run,
                                     age(row.when, now),
                                     row.worst};
    if (all_namespaces) line.insert(line.begin(), row.ns);
    cells.push_back(std::move(line));
  }
  return table(cells);
}

Json top_json(const std::vector<TopRow>& rows) {
  Json pods = Json::array();
  for (const TopRow& row : rows) {
    Json pod = {{"namespace", row.ns},
                {"pod", row.pod},
                {"node", row.node},
                {"ready", row.ready},
                {"restarts", row.restarts}};
    if (row.judged) {
      pod["findings"] = {{"critical", row.critical}, {"warning", row.warning}, {"info", row.info}};
      pod["worst"] = row.worst;
      pod["run"] = row.run;
    }
    pods.push_back(std::move(pod));
  }
  return {{"pods", std::move(pods)}};
}

}  // namespace edp::kubectl
