#include "operator/tickets/decide.h"

#include <algorithm>
#include <cmath>

#include "common/files.h"
#include "operator/watch/readers.h"

namespace edp::tickets {
namespace {

constexpr size_t kMaxSay = 3;
constexpr int64_t kSearchLasts = 30;  // a search that found nothing counts so long

// The reference tells whether a comment is there already.
void say(Ticket& ticket, const std::string& text, int64_t now) {
  std::vector<Say>& list = ticket.status.say;
  const std::string about = ticket.full_name() + "\n" + std::to_string(now) + "\n" + text;
  // Beyond the bound the oldest that was never tried goes: the later ones hold its figures.
  if (list.size() >= kMaxSay) {
    const auto untried = std::ranges::find(list, false, &Say::tried);
    list.erase(untried == list.end() ? list.begin() : untried);
  }
  list.push_back({.ref = sha256_hex(about).substr(0, 10), .text = text});
}

std::string times(int64_t count) { return count == 1 ? "once" : std::to_string(count) + " times"; }

std::string human(int64_t seconds) {
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172'800) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86'400) + " days";
}

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::ranges::find(list, value) != list.end();
}

int64_t backoff(int64_t attempts, int64_t base, int64_t cap, double jitter) {
  const double most =
      static_cast<double>(base) * std::pow(2.0, static_cast<double>(std::min<int64_t>(attempts, 20)));
  const double wait = std::min(most, static_cast<double>(cap));
  return std::max<int64_t>(1, static_cast<int64_t>(wait * (0.75 + 0.5 * jitter)));
}

void settled(Status& status) {
  status.attempts = 0;
  status.next_attempt = 0;
  status.error.clear();
  status.error_reason.clear();
}

}  // namespace

Ticket new_ticket(const Found& found, const Rules& rules) {
  Ticket ticket;
  ticket.ns = found.ns;
  ticket.name = ticket_name(found.finding.fingerprint, found.kind, found.workload);
  ticket.spec = {.rule = found.finding.rule,
                 .fingerprint = found.finding.fingerprint,
                 .severity = found.finding.severity,
                 .title = found.finding.title,
                 .location = found.finding.location,
                 .function = found.finding.function,
                 .summary = found.finding.summary,
                 .advice = found.finding.advice,
                 .evidence = found.finding.evidence,
                 .kind = found.kind,
                 .name = found.workload};
  ticket.status.label = ticket_label(rules.cluster, ticket.ns, ticket.name);
  return ticket;
}

bool apply_found(Ticket& ticket, const Found& found) {
  Status& s = ticket.status;
  if (contains(s.counted, found.run_uid)) return false;
  // Some are forgotten: an older run may be one of them, for all of them are handed in again by a new leader.
  if (s.count > static_cast<int64_t>(s.counted.size()) && found.time < s.last_seen) return false;
  s.counted.push_back(found.run_uid);
  if (s.counted.size() > 16) s.counted.erase(s.counted.begin());
  for (const std::string& alert : found.alerts) {
    if (!contains(s.alerts, alert)) s.alerts.push_back(alert);
  }
  ++s.count;
  if (s.first_seen == 0 || found.time < s.first_seen) s.first_seen = found.time;
  if (s.since == 0) s.since = found.time;
  if (found.time < s.last_seen) return true;  // told late: the younger one's figures stay
  s.last_seen = found.time;
  s.run = found.run;
  s.run_uid = found.run_uid;
  s.pod = found.pod;
  s.report_url = found.report_url;
  s.digest = found.digest;
  s.checks = found.checks;
  if (found.load != validation::Load()) s.load = found.load;
  if (s.state == State::kClosed || s.state == State::kValidated) {
    // A finding younger than the proof.
    if (s.state == State::kClosed) {
      s.since = found.time;
      s.issue_done = true;
      ++s.reopened;
    }
    s.recovery_seconds = 0;
    s.closed = 0;
    s.state = s.key.empty() ? State::kPending : State::kReopened;
    say(ticket,
        "The finding is back after its fix was validated: run " + found.run + " on pod " + found.pod +
            (found.report_url.empty() ? "" : ", " + found.report_url),
        found.time);
    s.told = s.count;
  }
  return true;
}

void apply_validation(Ticket& ticket, const Validation& validation) {
  ticket.status.validation = validation;
  if (validation.verdict == "Gone") return;
  say(ticket,
      std::string(validation.verdict == "StillThere"
                      ? "Validation: the finding is still there"
                      : "Validation: it can't be told whether the finding is gone") +
          " (run " + validation.run + "). " + validation.message,
      validation.time);
}

std::string refusal(const Ticket& ticket, const validation::Statement& statement) {
  const Status& s = ticket.status;
  if (statement.ticket != ticket.full_name()) {
    return "the statement is about ticket " + statement.ticket + ", not " + ticket.full_name();
  }
  if (statement.fingerprint != ticket.spec.fingerprint) return "the statement is about another finding";
  if (statement.workload != ticket.workload()) return "the statement is about workload " + statement.workload;
  if (statement.verdict != "Gone") return "the statement does not say that the finding is gone";
  if (contains(s.used, statement.run)) {
    return "the statement was used before: run " + statement.run + " has closed this ticket already";
  }
  if (statement.began < s.last_seen) {
    return "the statement is older than the last finding (" + watch::format_time(s.last_seen) + ")";
  }
  if (s.state == State::kClosed) return "the ticket is closed already";
  return {};
}

void accept(Ticket& ticket, const validation::Statement& statement, const std::string& json) {
  Status& s = ticket.status;
  s.used.push_back(statement.run);
  s.validation.statement = json;
  s.validation.run = statement.run;
  s.validation.verdict = statement.verdict;
  if (s.validation.reason.empty() || s.validation.reason != "FindingGone")
    s.validation.reason = "FindingGone";
  s.validation.message = statement.message;
  s.validation.digest = statement.digest;
  s.validation.time = statement.time;
  s.refused.clear();
  s.recovery_seconds = std::max<int64_t>(1, statement.time - s.since);
  s.state = State::kValidated;
  settled(s);
  say(ticket,
      "Validated: the finding is gone (run uid " + statement.run + "); " + statement.message +
          ". Time to recovery: " + human(s.recovery_seconds) + ". Report " + statement.digest +
          "; the signed statement is in DiagnosticTicket " + ticket.full_name() + ".",
      statement.time);
}

bool apply_seen(Ticket& ticket, const IssueSeen& seen, int64_t now) {
  Status& s = ticket.status;
  if (s.key.empty() || s.state == State::kClosed) return false;
  if (!seen.exists) {
    s.key.clear();
    s.id.clear();
    s.url.clear();
    s.linked_url.clear();
    s.say.clear();
    s.issue_done = false;
    s.create_tried = 0;
    s.searched = 0;
    if (s.state != State::kValidated) s.state = State::kPending;
    return true;
  }
  if (seen.done == s.issue_done) return false;
  s.issue_done = seen.done;
  if (seen.done && (s.state == State::kOpen || s.state == State::kReopened)) {
    s.state = State::kReopened;
    ++s.reopened;
    say(ticket,
        "Reopened: this was closed without a validation. EDP closes it once a run has shown that the finding "
        "is gone: "
        "edp-validate.sh " +
            s.key,
        now);
  }
  return true;
}

Next next(Ticket& ticket, int64_t now, const Rules& rules) {
  Status& s = ticket.status;
  if (s.next_attempt > now) return {.due = s.next_attempt};
  if (s.key.empty()) {
    if (s.state == State::kClosed || s.count == 0) return {};
    const bool fresh = s.searched > 0 && now - s.searched < kSearchLasts;
    if (s.create_tried == 0) return {.what = fresh ? Do::kCreate : Do::kFind};
    const int64_t sure = s.create_tried + rules.settle;
    if (fresh && s.searched >= sure) return {.what = Do::kCreate};
    if (s.searched >= s.create_tried && now < sure) return {.due = sure};
    return {.what = Do::kFind};
  }
  if (s.state == State::kValidated) return {.what = Do::kClose};
  if (s.state != State::kClosed && s.issue_done) return {.what = Do::kReopen};
  if (s.say.empty() && s.state != State::kClosed && s.count > s.told) {
    if (now < s.told_at + rules.update_interval) return {.due = s.told_at + rules.update_interval};
    say(ticket,
        "Found again: " + times(s.count) + " since " + watch::format_time(s.first_seen) + ", last by run " +
            s.run + " on pod " + s.pod + (s.report_url.empty() ? "" : ", " + s.report_url),
        now);
    s.told = s.count;
    s.told_at = now;
  }
  if (!s.say.empty()) return {.what = Do::kComment};
  if (!s.report_url.empty() && s.linked_url != s.report_url && s.told == s.count) return {.what = Do::kLink};
  return {};
}

std::string_view reason_of(Trouble::Kind kind) {
  switch (kind) {
    case Trouble::Kind::kUnreachable:
      return "Unreachable";
    case Trouble::Kind::kBusy:
      return "TooManyRequests";
    case Trouble::Kind::kCredentials:
      return "WrongCredentials";
    case Trouble::Kind::kRefused:
      return "Refused";
    case Trouble::Kind::kGone:
      return "IssueGone";
    case Trouble::Kind::kNotAudited:
      return "NotAudited";
    case Trouble::Kind::kNotLeader:
      return "NotLeader";
  }
  return "Unknown";
}

void apply_issue(Ticket& ticket, const Issue& issue) {
  Status& s = ticket.status;
  s.key = issue.key;
  s.id = issue.id;
  s.url = issue.url;
  s.issue_done = issue.done;
  // An issue that was found tells of one finding for all we know.
  s.told = std::max<int64_t>(s.told, 1);
  s.create_tried = 0;
  if (s.state == State::kPending) s.state = State::kOpen;
  settled(s);
}

void apply_not_found(Ticket& ticket, int64_t now, const Rules& rules) {
  Status& s = ticket.status;
  s.searched = now;
  if (s.create_tried > 0 && now < s.create_tried + rules.settle)
    s.next_attempt = s.create_tried + rules.settle;
}

void apply_done(Ticket& ticket, Do what, int64_t now) {
  Status& s = ticket.status;
  settled(s);
  switch (what) {
    case Do::kReopen:
      s.issue_done = false;
      break;
    case Do::kClose:
      s.issue_done = true;
      s.state = State::kClosed;
      s.closed = now;
      break;
    case Do::kComment:
      if (!s.say.empty()) s.say.erase(s.say.begin());
      break;
    case Do::kLink:
      s.linked_url = s.report_url;
      break;
    default:
      break;
  }
}

bool apply_wait(Ticket& ticket, const Trouble& trouble) {
  Status& s = ticket.status;
  if (s.error_reason == reason_of(trouble.kind)) return false;
  s.error = trouble.message;
  s.error_reason = reason_of(trouble.kind);
  return true;
}

void apply_trouble(Ticket& ticket, Do what, const Trouble& trouble, int64_t now, const Rules& rules,
                   double jitter) {
  Status& s = ticket.status;
  if (trouble.kind == Trouble::Kind::kNotLeader) return;
  if (trouble.kind == Trouble::Kind::kGone && !s.key.empty()) {
    (void)apply_seen(ticket, {.exists = false}, now);
    return;
  }
  if (what == Do::kCreate && !trouble.maybe_done) s.create_tried = 0;
  const bool slow = trouble.kind != Trouble::Kind::kUnreachable && trouble.kind != Trouble::Kind::kBusy &&
                    trouble.kind != Trouble::Kind::kNotAudited;
  const int64_t wait = slow ? backoff(s.attempts, rules.refused_base, rules.refused_cap, jitter)
                            : backoff(s.attempts, rules.retry_base, rules.retry_cap, jitter);
  ++s.attempts;
  s.next_attempt = now + std::max(wait, trouble.retry_after);
  s.error = trouble.message;
  s.error_reason = reason_of(trouble.kind);
}

}  // namespace edp::tickets
