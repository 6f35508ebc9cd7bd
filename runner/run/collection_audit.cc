#include "runner/run/collection_audit.h"

#include <utility>

#include "common/files.h"

namespace edp::run {
namespace {

audit::Act finished(audit::Act act, const collect::TargetCollection& collection, uint64_t intent) {
  uint64_t bytes = 0;
  for (const collect::Collected& artefact : collection.artefacts) bytes += artefact.bytes.size();
  act.intent = intent;
  act.bytes = bytes;
  act.outcome = collection.error ? audit::Outcome::kFailed : audit::Outcome::kDone;
  if (collection.error) act.reason = collection.error->to_string();
  if (!collection.error && collection.cancelled) act.reason = "cancelled";
  return act;
}

}  // namespace

CollectionAudit::CollectionAudit(const Request& request, const std::string& run_id) : request_(request) {
  base_ = {.what = "collect", .actor = request.on_behalf.actor, .why = request.on_behalf.why};
  base_.why.profile = request.profile.name;
  if (base_.why.run.empty()) base_.why.run = run_id;
}

// "pod:shop/checkout-1" is how the operator names a target; else it is a URL or a file.
audit::Act CollectionAudit::act_on(const std::string& target) const {
  audit::Act act = base_;
  const size_t slash = target.find('/');
  if (target.starts_with("pod:") && slash != std::string::npos) {
    act.target.ns = target.substr(4, slash - 4);
    act.target.pod = target.substr(slash + 1);
  } else {
    act.target.url = target;
  }
  return act;
}

CollectionAudit::Collected CollectionAudit::carry_out(
    const std::vector<collect::TargetSpec>& targets,
    const std::function<std::vector<collect::TargetCollection>()>& collect) {
  if (request_.journal == nullptr) return collect();
  std::vector<audit::Act> acts;
  for (const collect::TargetSpec& target : targets) acts.push_back(act_on(target.name));
  const auto intents = request_.journal->intend(acts);
  if (!intents) return fail("nothing is collected, for it can't be audited: " + intents.error().to_string());
  std::vector<collect::TargetCollection> collections = collect();
  std::vector<audit::Act> outcomes;
  for (size_t i = 0; i < std::min(acts.size(), collections.size()); ++i) {
    outcomes.push_back(finished(std::move(acts[i]), collections[i], (*intents)[i]));
  }
  request_.journal->finish(std::move(outcomes));
  return collections;
}

void CollectionAudit::note_report(const report::Sealed& sealed) {
  if (request_.journal == nullptr) return;
  audit::Act act = base_;
  act.what = "report.make";
  act.outcome = audit::Outcome::kDone;
  act.bytes = sealed.json.size();
  act.digest = "sha256:" + sha256_hex(sealed.json);
  act.masked = sealed.masked;
  request_.journal->finish({std::move(act)});
}

}  // namespace edp::run
