#include "operator/serve/serve_audit.h"

#include <utility>

namespace edp::serve {
namespace {

constexpr uint64_t kRefusalsAMinute = 60;  // of callers that nobody knows

Fault unavailable(const Error& error) {
  return {503, "AuditUnavailable", "this can't be audited now, and so is not done; try again",
          error.to_string()};
}

audit::Act act_of(std::string what, const ServeEvent& event) {
  audit::Act act{.what = std::move(what),
                 .actor = {.kind = audit::kind_of_user(event.user),
                           .name = event.user.empty() ? event.peer : event.user,
                           .known = event.user.empty() ? "address of the caller" : "token, by TokenReview"},
                 .target = {.ns = event.ns, .uid = event.pod_uid},
                 .why = {.run = event.ns + "/" + event.name, .run_uid = event.run_uid}};
  act.digest = event.digest;
  if (event.bytes > 0) act.bytes = event.bytes;
  if (!event.file.empty()) act.target.url = event.file;
  return act;
}

audit::Outcome outcome_of(const ServeEvent& event) {
  if (event.status < 400) return audit::Outcome::kDone;
  return event.status < 500 ? audit::Outcome::kRefused : audit::Outcome::kFailed;
}

std::string reason_of(const ServeEvent& event) {
  return event.reason.empty() ? "" : std::to_string(event.status) + " " + event.reason;
}

}  // namespace

std::optional<Fault> ServeAudit::note(const audit::Act& act) {
  if (journal_ == nullptr) return std::nullopt;
  const auto written = journal_->intend(act);
  return written ? std::nullopt : std::optional(unavailable(written.error()));
}

bool ServeAudit::may_note_refusal(audit::Act& act) {
  const MutexLock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (now - minute_ > std::chrono::minutes(1)) {
    minute_ = now;
    in_minute_ = 0;
  }
  if (++in_minute_ > kRefusalsAMinute) {
    ++left_out_;
    return false;
  }
  if (const uint64_t left_out = std::exchange(left_out_, 0); left_out > 0) {
    act.reason += "; " + std::to_string(left_out) + " more such refusals before it were not written down";
  }
  return true;
}

tl::expected<uint64_t, Fault> ServeAudit::intend_upload(const ServeEvent& event) {
  if (journal_ == nullptr) return 0;
  const auto intent = journal_->intend(act_of("report.upload", event));
  if (!intent) return tl::unexpected(unavailable(intent.error()));
  return *intent;
}

void ServeAudit::finish_upload(const ServeEvent& event, uint64_t intent) {
  if (journal_ == nullptr || event.reason == "AuditUnavailable") return;
  audit::Act act = act_of("report.upload", event);
  act.outcome = outcome_of(event);
  act.reason = reason_of(event);
  if (intent > 0) act.intent = intent;
  if (event.user.empty() && !may_note_refusal(act)) return;
  journal_->finish({std::move(act)});
}

std::optional<Fault> ServeAudit::note_download(const ServeEvent& event) {
  if (journal_ == nullptr) return std::nullopt;
  audit::Act act = act_of(event.file.empty() ? "report.list" : "report.download", event);
  act.outcome = outcome_of(event);
  act.reason = reason_of(event);
  if (event.user.empty() && !may_note_refusal(act)) return std::nullopt;
  return note(act);
}

std::optional<Fault> ServeAudit::note_alerts(const std::string& peer, size_t alerts, uint64_t bytes) {
  audit::Act act{.what = "webhook.take",
                 .actor = {.kind = audit::ActorKind::kServiceAccount,
                           .name = "alertmanager at " + peer,
                           .known = "token of the webhook"},
                 .why = {.trigger = "alert"}};
  act.outcome = audit::Outcome::kDone;
  act.reason = std::to_string(alerts) + " alert(s)";
  act.bytes = bytes;
  return note(act);
}

}  // namespace edp::serve
