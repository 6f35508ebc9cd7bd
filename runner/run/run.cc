#include "runner/run/run.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <iterator>
#include <random>
#include <set>
#include <utility>

#include "common/files.h"
#include "common/version.h"
#include "runner/analyse/rule.h"
#include "runner/run/artefact.h"
#include "runner/run/collection_audit.h"
#include "runner/run/gather.h"
#include "runner/run/on_demand.h"

namespace edp::run {
namespace {

// Sorts by time and does not meet another run's: "20261123-190312-9f2c41d7".
std::string make_run_id(std::chrono::system_clock::time_point started) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(started);
  std::tm utc{};
  (void)gmtime_r(&seconds, &utc);
  std::array<char, 32> time{};
  const size_t length = std::strftime(time.data(), time.size(), "%Y%m%d-%H%M%S-", &utc);
  std::array<char, 16> suffix{};
  const int count = std::snprintf(suffix.data(), suffix.size(), "%08x", std::random_device{}());
  return std::string(time.data(), length) + std::string(suffix.data(), static_cast<size_t>(count));
}

model::Severity gate_of(const std::string& name) {
  for (const model::Severity severity : {model::Severity::kInfo, model::Severity::kWarning}) {
    if (model::to_string(severity) == name) return severity;
  }
  return model::Severity::kCritical;
}

collect::CollectPlan plan_of(const Request& request) {
  const config::DiagnosticProfile& profile = request.profile;
  return {.collectors = profile.collectors,
          .window_seconds = profile.duration_seconds,
          .timeout_seconds = profile.timeout_seconds,
          .trace_seconds = profile.trace_milliseconds / 1e3,
          .trace_count = profile.trace_repeats,
          .flight_recorder = profile.flight_recorder,
          .seconds = profile.collector_timeout_seconds,
          .max_bytes = profile.max_bytes,
          .access = request.access};
}

std::vector<std::string> rules_of(const config::DiagnosticProfile& profile) {
  std::vector<std::string> ids;
  for (const analyse::Rule& rule : analyse::all_rules()) {
    const std::string id(rule.id);
    const bool wanted = profile.rules.empty() || std::ranges::count(profile.rules, id) > 0;
    if (wanted && std::ranges::count(profile.rules_off, id) == 0) ids.push_back(id);
  }
  return ids;
}

template <typename T>
void append(std::vector<T>& to, std::vector<T> from) {
  std::ranges::move(from, std::back_inserter(to));
}

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

bool wants_more(const Request& request, const collect::TargetSpec& target, const model::Facts& facts) {
  return target.kind == collect::TargetKind::kUrl && !request.profile.on_demand.empty() &&
         goroutines_waiting_for_locks(facts) >= request.profile.on_demand_blocked;
}

int exit_status(const model::Report& report, bool has_facts) {
  const model::Severity gate = gate_of(report.gate);
  const bool at_gate =
      std::ranges::any_of(report.findings, [&](const model::Finding& f) { return f.severity >= gate; });
  if (at_gate) return kFindingsAtGate;
  return has_facts ? kNothingAtGate : kNothingToJudge;
}

}  // namespace

config::KnownNames known_names() {
  config::KnownNames known;
  for (const collect::CollectorInfo& collector : collect::all_collectors()) {
    known.collectors.emplace_back(collector.name);
  }
  std::set<std::string> thresholds;
  for (const analyse::Rule& rule : analyse::all_rules()) {
    known.rules.emplace_back(rule.id);
    for (const config::ThresholdSpec& spec : rule.thresholds) thresholds.emplace(spec.key);
  }
  known.thresholds.assign(thresholds.begin(), thresholds.end());
  return known;
}

Result<report::Sealed> diagnose(const Request& request, const CancelToken& cancel,
                                const collect::ProgressFn& progress) {
  const auto patterns = masking::Patterns::compile(request.profile.masking);
  if (!patterns) return tl::unexpected(patterns.error().at("profile " + request.profile.name));
  const auto began = std::chrono::steady_clock::now();
  model::Report report{.started = std::chrono::system_clock::now(),
                       .profile = request.profile.name,
                       .gate = request.profile.gate,
                       .tool_version = std::string(kVersion)};
  report.run_id = make_run_id(report.started);

  CollectionAudit audit(request, report.run_id);
  const auto collect_audited = [&](const std::vector<collect::TargetSpec>& targets,
                                   const collect::CollectPlan& plan) -> CollectionAudit::Collected {
    return audit.carry_out(targets, [&] {
      return collect::collect(targets, plan, {.run_began = began, .cancel = cancel, .progress = progress});
    });
  };
  auto collected = collect_audited(request.targets, plan_of(request));
  if (!collected) return tl::unexpected(collected.error());

  const decode::Limits limits{.max_inflated_bytes = request.profile.max_inflated_bytes};
  std::string keep_failure;
  const ArtefactSink keep = [&](const collect::Collected& artefact) {
    if (request.artefact_folder.empty()) return;
    const auto kept = mask_artefact(artefact.bytes, limits, *patterns);
    masking::Counts ignored;
    const std::string name = masking::mask(artefact.artefact, *patterns, ignored);
    const auto written = kept ? write_file(request.artefact_folder + "/" + name, *kept)
                              : fail("not kept: " + kept.error().to_string(), artefact.artefact);
    if (!written && keep_failure.size() < 500) {
      keep_failure += (keep_failure.empty() ? "" : "; ") + written.error().to_string();
    }
  };

  const auto collect_on_demand = [&](const collect::TargetSpec& target, double seconds_left) {
    collect::CollectPlan plan = plan_of(request);
    plan.collectors = request.profile.on_demand;
    plan.timeout_seconds = seconds_left;
    return collect_audited({target}, plan);
  };
  const auto seconds_left = [&] { return request.profile.timeout_seconds - seconds_since(began); };

  const config::Thresholds thresholds = request.profile.threshold_values();
  const std::vector<std::string> rules = rules_of(request.profile);
  bool has_facts = false;
  for (collect::TargetCollection& collection : *collected) {
    const collect::TargetSpec target = collection.target;
    Gathered gathered = gather(std::move(collection), limits, keep);
    if (wants_more(request, target, gathered.facts) && !cancel.cancelled() && seconds_left() > 1) {
      auto more = collect_on_demand(target, seconds_left());
      if (!more) keep_failure = more.error().to_string();
      for (collect::TargetCollection& one : more.value_or(std::vector<collect::TargetCollection>())) {
        add(gathered, gather(std::move(one), limits, keep));
      }
    }
    if (gathered.has_facts) {
      analyse::Analysis analysis = analyse::analyse(gathered.facts, thresholds, rules);
      append(report.findings, std::move(analysis.findings));
      append(report.rules, std::move(analysis.rules));
      has_facts = true;
    }
    append(report.collectors, std::move(gathered.outcomes));
    append(report.artefacts, std::move(gathered.artefacts));
    report.targets.push_back(std::move(gathered.facts));
  }
  if (!keep_failure.empty()) {
    report.collectors.push_back({.collector = "artefacts", .outcome = "failed", .message = keep_failure});
  }
  std::ranges::stable_sort(report.findings, std::ranges::greater{}, &model::Finding::severity);
  report.cancelled = cancel.cancelled();
  report.exit_status = exit_status(report, has_facts);
  report.seconds = seconds_since(began);
  auto sealed = report::seal(std::move(report), *patterns);
  if (sealed) audit.note_report(*sealed);
  return sealed;
}

}  // namespace edp::run
