#include "operator/control/office.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "operator/kube/paths.h"

namespace edp::control {
namespace {

constexpr std::chrono::milliseconds kCallTimeout{10'000};

std::string collection(const reconcile::Action& action) {
  const std::string ns = "namespaces/" + kube::escape_segment(action.ns) + "/";
  switch (action.kind) {
    case reconcile::Action::Kind::kCreateJob:
    case reconcile::Action::Kind::kDeleteJob:
      return "/apis/batch/v1/" + ns + "jobs";
    case reconcile::Action::Kind::kDeleteRun:
    case reconcile::Action::Kind::kCreateRun:
      return "/apis/edp.dev/v1alpha1/" + ns + "diagnosticruns";
    case reconcile::Action::Kind::kAddEphemeralContainer:
      return "/api/v1/" + ns + "pods";
  }
  return {};
}

std::string delete_options(const std::string& uid) {
  nlohmann::json options = {
      {"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Background"}};
  if (!uid.empty()) options["preconditions"] = {{"uid", uid}};
  return options.dump();
}

}  // namespace

act::Step step_of(const reconcile::Action& action) {
  using Kind = reconcile::Action::Kind;
  act::Step step;
  step.call.timeout = kCallTimeout;
  step.call.path = collection(action);
  switch (action.kind) {
    case Kind::kCreateJob:
    case Kind::kCreateRun:
      step.kind = action.kind == Kind::kCreateJob ? act::StepKind::kCreateJob : act::StepKind::kCreateRun;
      step.call.method = "POST";
      step.call.body = action.body;
      break;
    case Kind::kDeleteJob:
    case Kind::kDeleteRun:
      step.kind = act::StepKind::kDelete;
      step.call.method = "DELETE";
      step.call.path += "/" + kube::escape_segment(action.name);
      step.call.body = delete_options(action.uid);
      break;
    case Kind::kAddEphemeralContainer:
      step.kind = act::StepKind::kPatch;
      step.call.method = "PATCH";
      step.call.path += "/" + kube::escape_segment(action.pod) + "/ephemeralcontainers";
      step.call.content_type = "application/strategic-merge-patch+json";
      step.call.body = action.body;
      break;
  }
  return step;
}

void add_event(std::vector<act::Step>& steps, Office& office, const reconcile::EventNote& note, double now) {
  const publish::Event event{.regarding = {.api_version = note.object.api_version,
                                           .kind = note.object.kind,
                                           .ns = note.object.ns,
                                           .name = note.object.name,
                                           .uid = note.object.uid},
                             .warning = note.warning,
                             .reason = note.reason,
                             .note = note.message};
  const publish::EventRecorder::Time when{std::chrono::microseconds(static_cast<int64_t>(now * 1e6))};
  publish::EventPlan plan = office.events.plan(event, when);
  if (plan.kind == publish::EventPlan::Kind::kDrop) return;
  act::Step step{.kind = act::StepKind::kEvent};
  step.call.method = std::move(plan.method);
  step.call.path = std::move(plan.path);
  step.call.content_type = std::move(plan.content_type);
  step.call.body = std::move(plan.body);
  step.call.timeout = kCallTimeout;
  step.create_path = std::move(plan.create_path);
  step.create_body = std::move(plan.create_body);
  steps.push_back(std::move(step));
}

}  // namespace edp::control
