#include "runner/kubectl/run_view.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "runner/report/text.h"

namespace edp::kubectl {
namespace {

using report::one_line;
using State = RunView::State;

std::string short_kind(const std::string& kind) {
  if (kind == "Deployment") return "deploy";
  if (kind == "StatefulSet") return "sts";
  if (kind == "DaemonSet") return "ds";
  if (kind == "ReplicaSet") return "rs";
  return kind;
}

std::string target_of(const Json& run) {
  if (const std::string pod = text_at(run, {"spec", "target", "pod"}); !pod.empty()) return "pod/" + pod;
  const std::string name = text_at(run, {"spec", "target", "workload", "name"});
  if (!name.empty()) return short_kind(text_at(run, {"spec", "target", "workload", "kind"})) + "/" + name;
  std::string text;
  for (const auto& [key, value] : member(run, {"spec", "target", "selector", "matchLabels"}).items()) {
    text += (text.empty() ? "" : ",") + key + "=" + (value.is_string() ? value.get<std::string>() : "");
  }
  for (const Json& term : member(run, {"spec", "target", "selector", "matchExpressions"})) {
    text += (text.empty() ? "" : ",") + text_at(term, {"key"}) + " " + text_at(term, {"operator"});
  }
  return text;
}

// The first of these that is True says the state; Admitted=False says that it waits.
void read_state(const Json& run, RunView& view) {
  const auto condition = [&](std::string_view type) -> const Json& {
    for (const Json& item : member(run, {"status", "conditions"})) {
      if (text_at(item, {"type"}) == type) return item;
    }
    static const Json kNone;
    return kNone;
  };
  const auto take = [&](State state, const Json& from) {
    view.state = state;
    view.reason = one_line(text_at(from, {"reason"}));
    view.message = one_line(text_at(from, {"message"}));
  };
  struct Rank {
    std::string_view type, status;
    State state;
  };
  constexpr std::array<Rank, 5> kRanks{{{"Succeeded", "True", State::kSucceeded},
                                        {"Failed", "True", State::kFailed},
                                        {"Running", "True", State::kRunning},
                                        {"Admitted", "False", State::kWaiting},
                                        {"Accepted", "True", State::kAccepted}}};
  for (const Rank& rank : kRanks) {
    const Json& found = condition(rank.type);
    if (text_at(found, {"status"}) == rank.status) return take(rank.state, found);
  }
}

// Of a run that has not ended: what it has found so far stands. Where the gate is the profile's, only what is
// at every gate counts.
bool finds_at_gate(const RunView& run) {
  if (run.critical > 0) return true;
  if (run.gate == "WARNING" || run.gate == "INFO") {
    if (run.warning > 0) return true;
  }
  return run.gate == "INFO" && run.info > 0;
}

}  // namespace

RunView read_run(const Json& run) {
  RunView view;
  view.ns = text_at(run, {"metadata", "namespace"});
  view.name = text_at(run, {"metadata", "name"});
  view.uid = text_at(run, {"metadata", "uid"});
  view.created = text_at(run, {"metadata", "creationTimestamp"});
  view.target = one_line(target_of(run));
  view.profile = one_line(text_at(run, {"spec", "profile"}));
  view.gate = one_line(text_at(run, {"spec", "gate"}));
  read_state(run, view);
  view.verdict = one_line(text_at(run, {"status", "verdict"}));
  view.gate_result = one_line(text_at(run, {"status", "gate"}));
  view.matched = number_at(run, {"status", "targetCounts", "matched"});
  view.waiting = number_at(run, {"status", "targetCounts", "waiting"});
  view.running = number_at(run, {"status", "targetCounts", "running"});
  view.succeeded = number_at(run, {"status", "targetCounts", "succeeded"});
  view.failed = number_at(run, {"status", "targetCounts", "failed"});
  view.critical = number_at(run, {"status", "findings", "critical"});
  view.warning = number_at(run, {"status", "findings", "warning"});
  view.info = number_at(run, {"status", "findings", "info"});
  view.report_url = text_at(run, {"status", "report", "url"});
  view.started = text_at(run, {"status", "startTime"});
  view.completed = text_at(run, {"status", "completionTime"});
  for (const Json& item : member(run, {"status", "targets"})) {
    view.targets.push_back({.pod = one_line(text_at(item, {"pod"})),
                            .uid = text_at(item, {"uid"}),
                            .phase = one_line(text_at(item, {"phase"})),
                            .reason = one_line(text_at(item, {"reason"})),
                            .message = one_line(text_at(item, {"message"})),
                            .digest = text_at(item, {"digest"}),
                            .critical = number_at(item, {"findings", "critical"}),
                            .warning = number_at(item, {"findings", "warning"}),
                            .info = number_at(item, {"findings", "info"})});
  }
  for (const Json& item : member(run, {"status", "worst"})) {
    view.worst.push_back({.rule = one_line(text_at(item, {"rule"})),
                          .severity = one_line(text_at(item, {"severity"})),
                          .title = one_line(text_at(item, {"title"})),
                          .location = one_line(text_at(item, {"location"})),
                          .pod = one_line(text_at(item, {"pod"}))});
  }
  return view;
}

std::string state_text(const RunView& run) {
  switch (run.state) {
    case State::kPending:
      return "Pending";
    case State::kAccepted:
      return "Accepted";
    case State::kWaiting:
      return "Waiting";
    case State::kRunning:
      return "Running " + std::to_string(run.succeeded + run.failed) + "/" + std::to_string(run.matched);
    case State::kSucceeded:
      return "Succeeded";
    case State::kFailed:
      return "Failed" + (run.reason.empty() ? std::string() : " (" + run.reason + ")");
  }
  return "";
}

int exit_status(const RunView& run) {
  constexpr std::array<std::string_view, 4> kWrong = {"UnknownProfile", "InvalidSpec", "QuotaTooSmall",
                                                      "ReachNotAllowed"};
  if (run.gate_result == "Failed") return 2;
  if (run.state == State::kSucceeded) return 0;
  if (run.gate_result.empty() && finds_at_gate(run)) return 2;
  return std::ranges::count(kWrong, run.reason) > 0 ? 1 : 3;
}

std::string verdict_text(const RunView& run) {
  std::string out = run.ns + "/" + run.name + ": " + state_text(run);
  if (!run.verdict.empty()) out += ", " + run.verdict;
  if (!run.gate_result.empty()) out += "; gate " + run.gate_result;
  out += "\n";
  if (run.state == State::kFailed && !run.message.empty()) out += "  " + run.message + "\n";
  for (const RunView::Target& target : run.targets) {
    if (target.phase != "Failed") continue;
    out += "  " + target.pod + ": " + target.reason + (target.message.empty() ? "" : ": " + target.message) +
           "\n";
  }
  for (const RunView::Worst& finding : run.worst) {
    out += "  " + finding.severity +
           std::string(finding.severity.size() < 9 ? 9 - finding.severity.size() : 1, ' ') + finding.title +
           "\n";
    const std::string place = finding.location + (finding.pod.empty() ? "" : "  in " + finding.pod);
    if (!place.empty()) out += "           " + place + "\n";
  }
  return out;
}

}  // namespace edp::kubectl
