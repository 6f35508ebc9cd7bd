#include "operator/tickets/audited.h"

namespace edp::tickets {
namespace {

audit::Act act_of(const char* what, const Ticket& ticket) {
  const Status& s = ticket.status;
  return {.what = what,
          .actor = {.kind = audit::ActorKind::kOperator, .name = "edp-operator", .known = "this process"},
          .target = {.ns = ticket.ns, .pod = s.pod, .workload = ticket.workload(), .url = s.url},
          .why = {.run = ticket.ns + "/" + s.run, .run_uid = s.run_uid},
          .reason = "ticket " + ticket.name + (s.key.empty() ? "" : ", issue " + s.key),
          .digest = s.digest};
}

}  // namespace

template <typename Call>
auto AuditedTracker::audited(audit::Act act, Call call) -> decltype(call()) {
  const auto intent = journal_.intend(act);
  if (!intent) {
    return tl::unexpected(
        Trouble{.kind = Trouble::Kind::kNotAudited,
                .message = "not done, for it can't be audited: " + intent.error().to_string()});
  }
  auto result = call();
  act.intent = *intent;
  act.outcome = result ? audit::Outcome::kDone : audit::Outcome::kFailed;
  if (!result) act.reason += ": " + result.error().message;
  journal_.finish({std::move(act)});
  return result;
}

Tried<Issue> AuditedTracker::create(const Ticket& ticket) {
  return audited(act_of("ticket.create", ticket), [&] { return tracker_->create(ticket); });
}

Tried<void> AuditedTracker::move(const Ticket& ticket, bool done) {
  audit::Act act = act_of(done ? "ticket.close" : "ticket.reopen", ticket);
  if (done) {
    // What closes it is the validation, not the run that found it.
    act.why.run = {};
    act.why.run_uid = ticket.status.validation.run;
    act.digest = ticket.status.validation.digest;
  }
  return audited(std::move(act), [&] { return tracker_->move(ticket, done); });
}

Tried<void> AuditedTracker::comment(const Ticket& ticket, const Say& say) {
  return audited(act_of("ticket.comment", ticket), [&] { return tracker_->comment(ticket, say); });
}

Tried<void> AuditedTracker::link(const Ticket& ticket) {
  return audited(act_of("ticket.link", ticket), [&] { return tracker_->link(ticket); });
}

}  // namespace edp::tickets
