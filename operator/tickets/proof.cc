#include "operator/tickets/proof.h"

#include <algorithm>

#include "common/files.h"

namespace edp::tickets {
namespace {

std::string target_url(const RunEnded& run, const RunEnded::Target& target) {
  if (run.report_url.empty() || target.digest.empty()) return {};
  if (run.report_url.ends_with("/report.json")) return run.report_url;
  return run.report_url + "/" + run.uid + "/targets/" + target.uid + "/report.json";
}

validation::Finding finding_of(const watch::WorstFinding& worst) {
  validation::Finding finding{.rule = worst.rule,
                              .severity = worst.severity,
                              .title = worst.title,
                              .fingerprint = worst.fingerprint,
                              .location = worst.location};
  // "main.(*Cache).Put cache.go:57"
  finding.function = worst.location.substr(0, worst.location.find(' '));
  return finding;
}

}  // namespace

std::vector<Found> findings_of(const RunEnded& run,
                               const std::vector<std::optional<validation::Reading>>& readings) {
  std::vector<Found> all;
  const auto add = [&](const RunEnded::Target& target, const validation::Finding& finding,
                       const validation::Reading* reading) {
    if (finding.severity != "CRITICAL" || finding.fingerprint.empty()) return;
    const bool there = std::ranges::any_of(all, [&](const Found& one) {
      return one.finding.fingerprint == finding.fingerprint && one.kind == target.kind &&
             one.workload == target.workload;
    });
    if (there) return;
    all.push_back(
        {.ns = run.ns,
         .kind = target.kind,
         .workload = target.workload,
         .finding = finding,
         .run = run.name,
         .run_uid = run.uid,
         .pod = target.pod,
         .report_url = target_url(run, target),
         .digest = target.digest,
         .time = run.completed,
         .alerts = run.alerts,
         .checks = run.checks,
         .load = reading == nullptr ? validation::Load() : validation::load_of(*reading, finding.function)});
  };
  for (size_t i = 0; i < run.targets.size(); ++i) {
    const RunEnded::Target& target = run.targets[i];
    if (i < readings.size() && readings[i]) {
      for (const validation::Finding& finding : readings[i]->findings) add(target, finding, &*readings[i]);
      continue;
    }
    for (const watch::WorstFinding& worst : run.worst) {
      if (worst.pod.empty() || worst.pod == target.pod) add(target, finding_of(worst), nullptr);
    }
  }
  return all;
}

Result<ed25519::PrivateKey> Prover::key() const {
  if (key_file_.empty()) return fail("no key to sign validations is configured");
  return ed25519::PrivateKey::load(key_file_);
}

Proof Prover::prove(const Ticket& ticket, const RunEnded& run,
                    const std::vector<std::optional<validation::Reading>>& readings,
                    const std::vector<std::string>& known) const {
  Proof proof;
  Validation& v = proof.validation;
  v.run = run.uid;
  v.time = run.completed;
  v.verdict = to_string(validation::Verdict::kCannotTell);
  const auto cannot = [&](const char* reason, std::string message) {
    v.reason = reason;
    v.message = std::move(message);
    return proof;
  };
  std::vector<validation::Reading> all;
  std::string digests;
  for (size_t i = 0; i < run.targets.size(); ++i) {
    const RunEnded::Target& target = run.targets[i];
    if (ticket.ns + "/" + target.kind + "/" + target.workload != ticket.workload()) {
      return cannot("OtherWorkload", "pod " + target.pod + " does not belong to " + ticket.workload());
    }
    if (i < readings.size() && readings[i]) all.push_back(*readings[i]);
    if (!target.digest.empty()) digests = digests.empty() ? target.digest : digests + "," + target.digest;
  }
  v.digest = run.targets.size() == 1 ? digests : digests.empty() ? "" : "sha256:" + sha256_hex(digests);
  const validation::Fault fault{.rule = ticket.spec.rule,
                                .fingerprint = ticket.spec.fingerprint,
                                .function = ticket.spec.function,
                                .load = ticket.status.load};
  const validation::Judged judged = validation::judge(fault, all, known);
  v.load = judged.load;
  if (judged.verdict != validation::Verdict::kStillThere) {
    // Only what was looked at in the same way, everywhere, and later can be gone.
    if (!run.succeeded) return cannot("RunFailed", run.failure);
    if (all.size() != run.targets.size() || all.empty()) {
      return cannot("NoReport", "the report of a target is missing");
    }
    if (run.created < ticket.status.last_seen) {
      return cannot("TooOld", "the run was made before the finding was last seen");
    }
    if (run.checks != ticket.status.checks) {
      return cannot("OtherChecks", "the run did not repeat the checks that found it (profile " +
                                       ticket.status.checks.profile + ")");
    }
  }
  v.verdict = to_string(judged.verdict);
  v.reason = judged.reason;
  v.message = judged.message;
  if (judged.verdict != validation::Verdict::kGone) return proof;
  const auto signer = key();
  validation::Statement statement{.ticket = ticket.full_name(),
                                  .key = ticket.status.key,
                                  .fingerprint = ticket.spec.fingerprint,
                                  .workload = ticket.workload(),
                                  .run = run.uid,
                                  .digest = v.digest,
                                  .verdict = v.verdict,
                                  .message = v.message,
                                  .began = run.created,
                                  .time = run.completed};
  auto json = signer ? sign(*signer, statement) : Result<std::string>(tl::unexpected(signer.error()));
  if (!json) {
    v.verdict = to_string(validation::Verdict::kCannotTell);
    return cannot("NotSigned", json.error().to_string());
  }
  v.statement = std::move(*json);
  proof.statement = std::move(statement);
  return proof;
}

bool Prover::unseen(const Ticket& ticket) {
  return !ticket.statement.empty() &&
         sha256_hex(ticket.statement).substr(0, 16) != ticket.status.seen_statement;
}

Result<validation::Statement> Prover::look_at(Ticket& ticket) const {
  ticket.status.seen_statement = sha256_hex(ticket.statement).substr(0, 16);
  const auto verifier = key();
  if (!verifier) return tl::unexpected(verifier.error());
  auto statement = validation::verify(verifier->public_key(), ticket.statement);
  if (!statement) return fail("the statement " + statement.error().what);
  if (std::string why = refusal(ticket, *statement); !why.empty()) return fail(std::move(why));
  return statement;
}

}  // namespace edp::tickets
