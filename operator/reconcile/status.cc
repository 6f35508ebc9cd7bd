#include "operator/reconcile/status.h"

#include <algorithm>
#include <array>

#include "operator/reconcile/outcome.h"
#include "operator/watch/dom.h"

namespace edp::reconcile {
namespace {

using watch::Json;
using watch::RunStatus;
using watch::TargetStatus;
using watch::WorstFinding;

constexpr std::string_view kCutNote = " Digests of single targets are with the report service.";

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json counts(std::initializer_list<std::pair<const char*, int32_t>> figures) {
  Json json = Json::object();
  for (const auto& [name, count] : figures) json[name] = count;
  return json;
}

void put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

Json condition_json(const watch::Condition& condition) {
  Json json = {{"type", condition.type}, {"status", condition.status}, {"reason", condition.reason}};
  json["message"] = condition.message;
  json["lastTransitionTime"] = watch::format_time(condition.transition);
  json["observedGeneration"] = condition.observed_generation;
  return json;
}

Json target_json(const TargetStatus& target) {
  Json json = {{"pod", target.pod}, {"uid", target.uid}, {"phase", target.phase}};
  put(json, "reason", target.reason);
  put(json, "message", target.message);
  if (target.attempt != 0) json["attempt"] = target.attempt;
  Json findings = Json::object();
  for (const auto& [name, count] : {std::pair("critical", target.critical),
                                    std::pair("warning", target.warning), std::pair("info", target.info)}) {
    if (count != 0) findings[name] = count;
  }
  if (!findings.empty()) json["findings"] = findings;
  if (target.exit_status != 0) json["exitStatus"] = target.exit_status;
  put(json, "digest", target.digest);
  return json;
}

Json worst_json(const WorstFinding& finding) {
  Json json = Json::object();
  put(json, "rule", finding.rule);
  put(json, "severity", finding.severity);
  put(json, "title", finding.title);
  put(json, "location", finding.location);
  put(json, "pod", finding.pod);
  put(json, "fingerprint", finding.fingerprint);
  return json;
}

// A merge patch keeps what it doesn't name, so what is not there is named null.
Json status_tree(const RunStatus& status, bool with_nulls) {
  Json json = Json::object();
  const auto optional = [&](const char* key, Json value, bool there) {
    if (there) {
      json[key] = std::move(value);
    } else if (with_nulls) {
      json[key] = nullptr;
    }
  };
  json["observedGeneration"] = status.observed_generation;
  json["conditions"] = Json::array();
  for (const watch::Condition& condition : status.conditions)
    json["conditions"].push_back(condition_json(condition));
  json["targetCounts"] = counts({{"matched", status.matched},
                                 {"waiting", status.waiting},
                                 {"running", status.running},
                                 {"succeeded", status.succeeded},
                                 {"failed", status.failed}});
  json["findings"] =
      counts({{"critical", status.critical}, {"warning", status.warning}, {"info", status.info}});
  optional("verdict", status.verdict, !status.verdict.empty());
  optional("gate", status.gate_result, !status.gate_result.empty());
  Json worst = Json::array(), targets = Json::array();
  for (const WorstFinding& finding : status.worst) worst.push_back(worst_json(finding));
  for (const TargetStatus& target : status.targets) targets.push_back(target_json(target));
  optional("worst", worst, !worst.empty());
  optional("targets", targets, !targets.empty());
  Json report = Json::object();
  put(report, "url", status.report_url);
  if (status.report_digest.empty() && with_nulls) report["digest"] = nullptr;
  put(report, "digest", status.report_digest);
  optional("report", report, !status.report_url.empty() || !status.report_digest.empty());
  optional("startTime", watch::format_time(status.started), status.started != 0);
  optional("completionTime", watch::format_time(status.completed), status.completed != 0);
  return json;
}

size_t json_size(std::string_view text) { return dump(Json(std::string(text))).size() - 2; }

// At most `max` bytes once it is JSON; "..." says that something is missing. Never within a character of
// UTF-8.
bool cut(std::string& text, size_t max) {
  if (json_size(text) <= max) return false;
  if (max < 3) {
    text.clear();
    return true;
  }
  size_t keep = std::min(text.size(), max - 3);
  const auto shorten = [&] {
    while (keep > 0 && (static_cast<unsigned char>(text[keep]) & 0xC0U) == 0x80U) --keep;
  };
  shorten();
  while (keep > 0 && json_size(std::string_view(text).substr(0, keep)) > max - 3) {
    --keep;
    shorten();
  }
  text = text.substr(0, keep) + "...";
  return true;
}

// Everything but the targets has fixed caps; what then remains of the 8 KiB is shared by the targets evenly,
// so that what a target may say does not depend on what the others say.
constexpr size_t kFixedParts = 3900;
constexpr size_t kBareTarget = 150;  // beyond the pod's name

void cut_fixed(RunStatus& status) {
  for (watch::Condition& condition : status.conditions) {
    cut(condition.reason, 40);
    // The note is kept when a message is cut a second time.
    const bool noted = condition.message.ends_with(kCutNote);
    if (noted) condition.message.resize(condition.message.size() - kCutNote.size());
    cut(condition.message, condition.type == "Failed" ? 300 : 140);
    if (noted) condition.message += kCutNote;
  }
  cut(status.verdict, 80);
  if (status.worst.size() > 5) status.worst.resize(5);
  for (WorstFinding& finding : status.worst) {
    cut(finding.rule, 48);
    cut(finding.title, 90);
    cut(finding.location, 90);
    cut(finding.pod, 63);
    cut(finding.fingerprint, 32);
  }
  cut(status.report_url, 360);
  cut(status.report_digest, 80);
}

void cut_targets(RunStatus& status) {
  const size_t room = (kMaxStatusBytes - kFixedParts) / std::max<size_t>(1, status.targets.size());
  bool digests_cut = false;
  for (TargetStatus& target : status.targets) {
    cut(target.reason, 24);
    TargetStatus bare = target;
    bare.message.clear();
    bare.digest.clear();
    const size_t taken = dump(target_json(bare)).size() + 1;
    size_t left = room > taken ? room - taken : 0;
    constexpr size_t kDigest = 83;   // ,"digest":"sha256:..."
    constexpr size_t kMessage = 60;  // at least so much of it beside a digest
    if (left >= kDigest + kMessage) {
      left -= kDigest;
    } else {
      left = std::min(left, kMessage);  // more room never means less message
      digests_cut = digests_cut || !target.digest.empty();
      target.digest.clear();
    }
    constexpr size_t kKey = 13;  // ,"message":""
    cut(target.message, std::min<size_t>(240, left > kKey + 20 ? left - kKey : 0));
  }
  if (!digests_cut) return;
  for (watch::Condition& condition : status.conditions) {
    if (condition.type == "Accepted" && !condition.message.ends_with(kCutNote)) condition.message += kCutNote;
  }
}

}  // namespace

void fit_status(RunStatus& status) {
  std::vector<std::string_view> pods;
  for (const TargetStatus& target : status.targets) pods.push_back(target.pod);
  status.targets.resize(most_targets(pods));
  cut_fixed(status);
  cut_targets(status);
  // Names of pods can be so long that even the bare targets are too much.
  while (status_text(status).size() > kMaxStatusBytes) {
    if (status.worst.size() > 1) {
      status.worst.pop_back();
    } else if (!status.targets.empty()) {
      status.targets.pop_back();
    } else {
      break;
    }
  }
}

size_t most_targets(const std::vector<std::string_view>& pods) {
  size_t taken = 0;
  for (size_t i = 0; i < pods.size(); ++i) {
    taken += pods[i].size() + kBareTarget;
    if (taken > kMaxStatusBytes - kFixedParts) return std::max<size_t>(i, 1);
  }
  return pods.size();
}

std::string status_text(const RunStatus& status) { return dump(status_tree(status, false)); }

std::string status_json(const RunStatus& status, std::string_view resource_version) {
  Json patch = {{"status", status_tree(status, true)}};
  if (!resource_version.empty()) patch["metadata"]["resourceVersion"] = std::string(resource_version);
  return dump(patch);
}

void set_condition(RunStatus& status, watch::Condition condition, int64_t now) {
  condition.transition = now;
  for (watch::Condition& old : status.conditions) {
    if (old.type != condition.type) continue;
    if (old.status == condition.status && old.transition != 0) condition.transition = old.transition;
    old = std::move(condition);
    return;
  }
  status.conditions.push_back(std::move(condition));
}

const watch::Condition* find_condition(const RunStatus& status, std::string_view type) {
  for (const watch::Condition& condition : status.conditions) {
    if (condition.type == type) return &condition;
  }
  return nullptr;
}

bool is_true(const RunStatus& status, std::string_view type) {
  const watch::Condition* condition = find_condition(status, type);
  return condition != nullptr && condition->status == "True";
}

}  // namespace edp::reconcile
