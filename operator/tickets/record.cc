#include "operator/tickets/record.h"

#include <algorithm>
#include <array>

#include "common/files.h"
#include "operator/watch/dom.h"
#include "operator/watch/readers.h"

namespace edp::tickets {
namespace {

using watch::Json;
using watch::member;
using watch::number_of;
using watch::text_of;
using watch::texts_of;

constexpr std::array<std::string_view, 5> kStates = {"Pending", "Open", "Reopened", "Validated", "Closed"};

State state_of(const std::string& text) {
  const auto* const found = std::ranges::find(kStates, text);
  return found == kStates.end() ? State::kPending : static_cast<State>(found - kStates.begin());
}

double real_of(const Json& value) { return value.is_number() ? value.get<double>() : -1; }
int64_t time_of(const Json& value) { return watch::parse_time(text_of(value)); }

validation::Load load_of(const Json& json) {
  return {.cpu = real_of(member(json, "cpu")),
          .cpu_samples = number_of(member(json, "cpuSamples")),
          .allocs = real_of(member(json, "allocations"))};
}

// Absent members are null, so that a merge patch takes them away.
Json text(const std::string& value) { return value.empty() ? Json() : Json(value); }
Json time(int64_t value) { return value == 0 ? Json() : Json(watch::format_time(value)); }
Json number(int64_t value) { return value == 0 ? Json() : Json(value); }
Json texts(const std::vector<std::string>& values) { return values.empty() ? Json() : Json(values); }
Json load_json(const validation::Load& load) {
  if (load == validation::Load()) return {};
  return {{"cpu", load.cpu < 0 ? Json() : Json(load.cpu)},
          {"cpuSamples", load.cpu_samples},
          {"allocations", load.allocs < 0 ? Json() : Json(load.allocs)}};
}

Json conditions(const Ticket& ticket, int64_t now) {
  const Status& status = ticket.status;
  const bool synced = status.error.empty();
  Json list = Json::array();
  list.push_back({{"type", "Synced"},
                  {"status", synced ? "True" : "False"},
                  {"reason", synced ? "UpToDate" : status.error_reason},
                  {"message", synced ? "" : status.error},
                  {"lastTransitionTime", watch::format_time(now)}});
  const Validation& validation = status.validation;
  if (!validation.verdict.empty()) {
    const bool gone = validation.verdict == "Gone";
    list.push_back({{"type", "Validated"},
                    {"status", gone                                 ? "True"
                               : validation.verdict == "StillThere" ? "False"
                                                                    : "Unknown"},
                    {"reason", validation.reason},
                    {"message", cut(validation.message, 400)},
                    {"lastTransitionTime", watch::format_time(validation.time)}});
  }
  if (!status.refused.empty()) {
    list.push_back({{"type", "StatementAccepted"},
                    {"status", "False"},
                    {"reason", "Refused"},
                    {"message", cut(status.refused, 400)},
                    {"lastTransitionTime", watch::format_time(now)}});
  }
  return list;
}

Json status_json(const Ticket& ticket, int64_t now) {
  const Status& s = ticket.status;
  Json say = Json::array();
  for (const Say& one : s.say) say.push_back({{"ref", one.ref}, {"text", one.text}, {"tried", one.tried}});
  const Validation& v = s.validation;
  return {{"state", to_string(s.state)},
          {"key", text(s.key)},
          {"id", text(s.id)},
          {"url", text(s.url)},
          {"label", text(s.label)},
          {"issueDone", s.issue_done},
          {"createTried", time(s.create_tried)},
          {"firstSeen", time(s.first_seen)},
          {"since", time(s.since)},
          {"lastSeen", time(s.last_seen)},
          {"count", s.count},
          {"told", s.told},
          {"toldAt", time(s.told_at)},
          {"lastRun", {{"name", text(s.run)}, {"uid", text(s.run_uid)}, {"pod", text(s.pod)}}},
          {"report", {{"url", text(s.report_url)}, {"digest", text(s.digest)}}},
          {"linkedReport", text(s.linked_url)},
          {"countedRuns", texts(s.counted)},
          {"alerts", texts(s.alerts)},
          {"checks",
           {{"profile", text(s.checks.profile)},
            {"duration", text(s.checks.duration)},
            {"collectors", texts(s.checks.collectors)}}},
          {"load", load_json(s.load)},
          {"say", say.empty() ? Json() : say},
          {"attempts", number(s.attempts)},
          {"nextAttempt", time(s.next_attempt)},
          {"lastError", text(s.error)},
          {"validation", v.verdict.empty() ? Json()
                                           : Json{{"run", text(v.run)},
                                                  {"verdict", text(v.verdict)},
                                                  {"reason", text(v.reason)},
                                                  {"message", text(v.message)},
                                                  {"digest", text(v.digest)},
                                                  {"time", time(v.time)},
                                                  {"load", load_json(v.load)},
                                                  {"statement", text(v.statement)}}},
          {"usedValidations", texts(s.used)},
          {"seenStatement", text(s.seen_statement)},
          {"closed", time(s.closed)},
          {"recoverySeconds", number(s.recovery_seconds)},
          {"reopened", number(s.reopened)},
          {"conditions", conditions(ticket, now)}};
}

Ticket ticket_of(const Json& json) {
  Ticket ticket;
  const Json& metadata = member(json, "metadata");
  ticket.ns = text_of(member(metadata, "namespace"));
  ticket.name = text_of(member(metadata, "name"));
  ticket.uid = text_of(member(metadata, "uid"));
  ticket.version = text_of(member(metadata, "resourceVersion"));
  ticket.statement = text_of(member(metadata, {"annotations", "edp.dev/statement"}));
  const Json& spec = member(json, "spec");
  ticket.spec = {.rule = text_of(member(spec, "rule")),
                 .fingerprint = text_of(member(spec, "fingerprint")),
                 .severity = text_of(member(spec, "severity")),
                 .title = text_of(member(spec, "title")),
                 .location = text_of(member(spec, "location")),
                 .function = text_of(member(spec, "function")),
                 .summary = text_of(member(spec, "summary")),
                 .advice = text_of(member(spec, "advice")),
                 .evidence = texts_of(member(spec, "evidence")),
                 .kind = text_of(member(spec, {"target", "kind"})),
                 .name = text_of(member(spec, {"target", "name"}))};
  const Json& from = member(json, "status");
  Status& s = ticket.status;
  s.state = state_of(text_of(member(from, "state")));
  s.key = text_of(member(from, "key"));
  s.id = text_of(member(from, "id"));
  s.url = text_of(member(from, "url"));
  s.label = text_of(member(from, "label"));
  s.issue_done = watch::flag_of(member(from, "issueDone"));
  s.create_tried = time_of(member(from, "createTried"));
  s.first_seen = time_of(member(from, "firstSeen"));
  s.since = time_of(member(from, "since"));
  s.last_seen = time_of(member(from, "lastSeen"));
  s.count = number_of(member(from, "count"));
  s.told = number_of(member(from, "told"));
  s.told_at = time_of(member(from, "toldAt"));
  s.run = text_of(member(from, {"lastRun", "name"}));
  s.run_uid = text_of(member(from, {"lastRun", "uid"}));
  s.pod = text_of(member(from, {"lastRun", "pod"}));
  s.report_url = text_of(member(from, {"report", "url"}));
  s.digest = text_of(member(from, {"report", "digest"}));
  s.linked_url = text_of(member(from, "linkedReport"));
  s.counted = texts_of(member(from, "countedRuns"));
  s.alerts = texts_of(member(from, "alerts"));
  s.checks = {.profile = text_of(member(from, {"checks", "profile"})),
              .duration = text_of(member(from, {"checks", "duration"})),
              .collectors = texts_of(member(from, {"checks", "collectors"}))};
  s.load = load_of(member(from, "load"));
  if (const Json& say = member(from, "say"); say.is_array()) {
    for (const Json& one : say) {
      s.say.push_back(
          {text_of(member(one, "ref")), text_of(member(one, "text")), watch::flag_of(member(one, "tried"))});
    }
  }
  s.attempts = number_of(member(from, "attempts"));
  s.next_attempt = time_of(member(from, "nextAttempt"));
  s.error = text_of(member(from, "lastError"));
  if (const Json& list = member(from, "conditions"); list.is_array()) {
    for (const Json& one : list) {
      const std::string type = text_of(member(one, "type"));
      if (type == "Synced" && !s.error.empty()) s.error_reason = text_of(member(one, "reason"));
      if (type == "StatementAccepted") s.refused = text_of(member(one, "message"));
    }
  }
  const Json& v = member(from, "validation");
  s.validation = {.run = text_of(member(v, "run")),
                  .verdict = text_of(member(v, "verdict")),
                  .reason = text_of(member(v, "reason")),
                  .message = text_of(member(v, "message")),
                  .digest = text_of(member(v, "digest")),
                  .time = time_of(member(v, "time")),
                  .load = load_of(member(v, "load")),
                  .statement = text_of(member(v, "statement"))};
  s.used = texts_of(member(from, "usedValidations"));
  s.seen_statement = text_of(member(from, "seenStatement"));
  s.closed = time_of(member(from, "closed"));
  s.recovery_seconds = number_of(member(from, "recoverySeconds"));
  s.reopened = number_of(member(from, "reopened"));
  return ticket;
}

}  // namespace

std::string_view to_string(State state) { return kStates.at(static_cast<size_t>(state)); }

std::string cut(std::string text, size_t max) {
  if (text.size() <= max) return text;
  size_t end = max - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

std::string ticket_name(std::string_view fingerprint, std::string_view kind, std::string_view workload) {
  const std::string about =
      std::string(fingerprint) + "\n" + std::string(kind) + "\n" + std::string(workload);
  std::string name(workload.substr(0, 40));
  while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  return name + "-" + sha256_hex(about).substr(0, 10);
}

std::string ticket_label(std::string_view cluster, std::string_view ns, std::string_view name) {
  const std::string about = std::string(cluster) + "\n" + std::string(ns) + "\n" + std::string(name);
  return "edp-" + sha256_hex(about).substr(0, 16);
}

Result<Ticket> read_ticket(std::string_view json) {
  const auto tree = watch::parse_tree(json);
  if (!tree) return tl::unexpected(tree.error());
  Ticket ticket = ticket_of(*tree);
  if (ticket.name.empty()) return fail("a ticket without a name");
  return ticket;
}

Result<std::vector<Ticket>> read_tickets(std::string_view list, std::string& next_page) {
  const auto tree = watch::parse_tree(list);
  if (!tree) return tl::unexpected(tree.error());
  next_page = text_of(member(*tree, {"metadata", "continue"}));
  std::vector<Ticket> tickets;
  const Json& items = member(*tree, "items");
  if (!items.is_array()) return fail("no list of tickets");
  for (const Json& item : items) tickets.push_back(ticket_of(item));
  return tickets;
}

std::string create_body(const Ticket& ticket) {
  const Spec& spec = ticket.spec;
  std::vector<std::string> evidence;
  for (const std::string& line : spec.evidence) {
    if (evidence.size() < 5) evidence.push_back(cut(line, 160));
  }
  const Json body = {{"apiVersion", "edp.dev/v1alpha1"},
                     {"kind", "DiagnosticTicket"},
                     {"metadata", {{"name", ticket.name}, {"namespace", ticket.ns}}},
                     {"spec",
                      {{"rule", spec.rule},
                       {"fingerprint", spec.fingerprint},
                       {"severity", spec.severity},
                       {"title", cut(spec.title, 240)},
                       {"location", cut(spec.location, 400)},
                       {"function", cut(spec.function, 300)},
                       {"summary", cut(spec.summary, 800)},
                       {"advice", cut(spec.advice, 800)},
                       {"evidence", evidence},
                       {"target", {{"kind", spec.kind}, {"name", spec.name}}}}}};
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string status_patch(const Ticket& ticket, int64_t now) {
  Ticket fit = ticket;
  Status& s = fit.status;
  s.error = cut(s.error, 400);
  s.report_url = cut(s.report_url, 400);
  s.validation.message = cut(s.validation.message, 500);
  const auto keep_last = [](std::vector<std::string>& list, size_t most) {
    if (list.size() > most) list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(most));
  };
  keep_last(s.counted, 16);
  keep_last(s.used, 16);
  keep_last(s.alerts, 8);
  for (Say& say : s.say) say.text = cut(say.text, 800);
  for (;;) {
    Json status = status_json(fit, now);
    const std::string body =
        Json{{"metadata", {{"resourceVersion", fit.version}}}, {"status", std::move(status)}}.dump(
            -1, ' ', false, Json::error_handler_t::replace);
    if (body.size() <= kMaxStatus || (s.say.size() <= 1 && s.counted.size() <= 4)) return body;
    if (s.counted.size() > 4) {
      keep_last(s.counted, s.counted.size() / 2);
    } else {
      s.say.erase(s.say.begin());
    }
  }
}

}  // namespace edp::tickets
