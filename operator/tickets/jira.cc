#include "operator/tickets/jira.h"

#include <algorithm>
#include <unordered_map>

#include "operator/kube/paths.h"
#include "operator/tickets/text.h"

namespace edp::tickets {
namespace {

constexpr size_t kBatch = 50;

const Json& member(const Json& object, std::initializer_list<const char*> path) {
  static const Json* const null = new Json;
  const Json* at = &object;
  for (const char* key : path) {
    if (!at->is_object()) return *null;
    const auto found = at->find(key);
    if (found == at->end()) return *null;
    at = &*found;
  }
  return *at;
}
std::string text(const Json& object, std::initializer_list<const char*> path) {
  const Json& value = member(object, path);
  return value.is_string() ? value.get<std::string>() : std::string();
}

bool is_done(const Json& issue) {
  return text(issue, {"fields", "status", "statusCategory", "key"}) == "done";
}

Trouble odd_answer(const std::string& what) {
  return {.kind = Trouble::Kind::kUnreachable,
          .message = what + ": the answer makes no sense",
          .maybe_done = true};
}

std::string issue_path(const Ticket& ticket) { return "/issue/" + kube::escape_segment(ticket.status.key); }

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// "Done" or "Fixed" where the project has it, else the first one.
Json resolution(const Json& field) {
  const Json& allowed = member(field, {"allowedValues"});
  if (!allowed.is_array() || allowed.empty()) return {{"name", "Done"}};
  for (const char* name : {"Done", "Fixed"}) {
    for (const Json& one : allowed) {
      if (text(one, {"name"}) == name) return {{"name", name}};
    }
  }
  return {{"name", text(allowed.front(), {"name"})}};
}

}  // namespace

Json issue_body(const Ticket& ticket, const TrackerOptions& options) {
  std::vector<std::string> labels = {"edp", ticket.status.label};
  labels.insert(labels.end(), options.labels.begin(), options.labels.end());
  // Alertmanager's id as a label too, so that an alert leads to its issue.
  for (const std::string& alert : ticket.status.alerts) labels.push_back("alert-" + alert);
  const auto sections = describe(ticket, options.cluster);
  Json fields = {{"project", {{"key", options.project}}},
                 {"issuetype", {{"name", options.issue_type}}},
                 {"summary", summary_line(ticket, options.cluster)},
                 {"labels", labels}};
  if (options.api_version == 3) {
    fields["description"] = to_adf(sections);
  } else {
    fields["description"] = to_wiki(sections);
  }
  if (const auto priority = options.priorities.find(ticket.spec.severity);
      priority != options.priorities.end()) {
    fields["priority"] = {{"name", priority->second}};
  }
  return {{"fields", std::move(fields)},
          {"properties", Json::array({{{"key", "edp"},
                                       {"value",
                                        {{"ticket", ticket.full_name()},
                                         {"fingerprint", ticket.spec.fingerprint},
                                         {"label", ticket.status.label},
                                         {"alerts", ticket.status.alerts}}}}})}};
}

Json transition_body(const Json& transitions, bool done) {
  if (!transitions.is_array()) return {};
  const Json* chosen = nullptr;
  for (const Json& one : transitions) {
    const std::string category = text(one, {"to", "statusCategory", "key"});
    if (done ? category == "done" : category == "indeterminate" || category == "new") {
      // Back to "to do" rather than into the middle of the work.
      if (chosen == nullptr || (!done && category == "new")) chosen = &one;
      if (done || category == "new") break;
    }
  }
  if (chosen == nullptr) return {};
  Json body = {{"transition", {{"id", text(*chosen, {"id"})}}}};
  if (const Json& field = member(*chosen, {"fields", "resolution"}); done && field.is_object()) {
    body["fields"] = {{"resolution", resolution(field)}};
  }
  return body;
}

std::string Jira::api(const std::string& rest) const {
  return "/rest/api/" + std::to_string(options_.api_version) + rest;
}

Issue Jira::issue_of(const Json& json) const {
  Issue issue{.key = text(json, {"key"}), .id = text(json, {"id"}), .url = {}, .done = is_done(json)};
  std::string base = options_.url;
  while (!base.empty() && base.back() == '/') base.pop_back();
  issue.url = base + "/browse/" + issue.key;
  return issue;
}

// Cloud has taken the old search away (410); Data Center has only that.
Tried<Json> Jira::search(const std::string& jql, size_t most) {
  const std::string body = dump({{"jql", jql}, {"fields", {"status", "labels"}}, {"maxResults", most}});
  const bool renewed = options_.api_version == 3 || new_search_;
  auto got = endpoint_->call("POST", api(renewed ? "/search/jql" : "/search"), body, false);
  if (!got && !renewed && got.error().message.find("status 410") != std::string::npos) {
    new_search_ = true;
    got = endpoint_->call("POST", api("/search/jql"), body, false);
  }
  if (!got) return tl::unexpected(got.error());
  Json issues = member(got->json(), {"issues"});
  if (!issues.is_array()) return tl::unexpected(odd_answer("POST search"));
  return issues;
}

Tried<std::optional<Issue>> Jira::find(const Ticket& ticket) {
  const auto issues = search("labels = \"" + ticket.status.label + "\" ORDER BY created ASC", 2);
  if (!issues) {
    Trouble trouble = issues.error();
    if (trouble.kind == Trouble::Kind::kGone) trouble.kind = Trouble::Kind::kRefused;
    return tl::unexpected(std::move(trouble));
  }
  if (issues->empty()) return std::nullopt;
  return issue_of(issues->front());
}

Tried<Issue> Jira::create(const Ticket& ticket) {
  const auto got = endpoint_->call("POST", api("/issue"), dump(issue_body(ticket, options_)), true);
  if (!got) {
    Trouble trouble = got.error();
    if (trouble.kind == Trouble::Kind::kGone) trouble.kind = Trouble::Kind::kRefused;
    if (trouble.kind == Trouble::Kind::kRefused) trouble.message += " (project " + options_.project + ")";
    return tl::unexpected(std::move(trouble));
  }
  Issue issue = issue_of(got->json());
  if (issue.key.empty()) return tl::unexpected(odd_answer("POST issue"));
  return issue;
}

Tried<IssueSeen> Jira::state(const Ticket& ticket) {
  const auto got = endpoint_->call("GET", api(issue_path(ticket) + "?fields=status"), {}, false);
  if (!got) {
    if (got.error().kind == Trouble::Kind::kGone) return IssueSeen{.exists = false};
    return tl::unexpected(got.error());
  }
  return IssueSeen{.done = is_done(got->json())};
}

Tried<void> Jira::move(const Ticket& ticket, bool done) {
  const auto now = state(ticket);
  if (!now) return tl::unexpected(now.error());
  if (!now->exists)
    return tl::unexpected(Trouble{.kind = Trouble::Kind::kGone, .message = "the issue is gone"});
  if (now->done == done) return {};
  const auto got =
      endpoint_->call("GET", api(issue_path(ticket) + "/transitions?expand=transitions.fields"), {}, false);
  if (!got) return tl::unexpected(got.error());
  const Json body = transition_body(member(got->json(), {"transitions"}), done);
  if (body.is_null()) {
    return tl::unexpected(Trouble{.kind = Trouble::Kind::kRefused,
                                  .message = ticket.status.key + " has no transition to a status that is " +
                                             (done ? "done" : "not done") + " for this user"});
  }
  const auto moved = endpoint_->call("POST", api(issue_path(ticket) + "/transitions"), dump(body), true);
  if (!moved) return tl::unexpected(moved.error());
  return {};
}

Tried<bool> Jira::said(const Ticket& ticket, const Say& say) {
  const auto got =
      endpoint_->call("GET", api(issue_path(ticket) + "/comment?orderBy=-created&maxResults=50"), {}, false);
  if (!got) return tl::unexpected(got.error());
  // In either format the reference is one piece of text.
  return got->body.find(reference(say)) != std::string::npos;
}

Tried<void> Jira::comment(const Ticket& ticket, const Say& say) {
  if (say.tried) {
    const auto there = said(ticket, say);
    if (!there) return tl::unexpected(there.error());
    if (*there) return {};
  }
  const std::string text = say.text + "\n" + reference(say);
  const Json body = {{"body", options_.api_version == 3 ? to_adf(text) : Json(to_wiki(text))}};
  const auto got = endpoint_->call("POST", api(issue_path(ticket) + "/comment"), dump(body), true);
  if (!got) return tl::unexpected(got.error());
  return {};
}

Tried<void> Jira::link(const Ticket& ticket) {
  // The same globalId changes the link that is there: it may be repeated.
  const Json body = {
      {"globalId", "edp=" + ticket.status.label},
      {"application", {{"type", "dev.edp"}, {"name", "EDP"}}},
      {"relationship", "diagnosed by"},
      {"object", {{"url", ticket.status.report_url}, {"title", "EDP report of " + ticket.status.pod}}}};
  const auto got = endpoint_->call("POST", api(issue_path(ticket) + "/remotelink"), dump(body), true);
  if (!got) return tl::unexpected(got.error());
  return {};
}

// By labels, for a key that is not there makes the whole JQL an error. The search lags behind: what it says
// otherwise than it was known is asked of the issue itself.
Tried<std::vector<Tracker::Seen>> Jira::look(const std::vector<const Ticket*>& tickets) {
  std::vector<Seen> seen;
  for (size_t begin = 0; begin < tickets.size(); begin += kBatch) {
    const size_t end = std::min(begin + kBatch, tickets.size());
    std::string jql = "labels in (";
    std::unordered_map<std::string, const Json*> by_key;
    for (size_t i = begin; i < end; ++i) jql += (i > begin ? ", \"" : "\"") + tickets[i]->status.label + "\"";
    const auto issues = search(jql + ")", 2 * kBatch);
    if (!issues) return tl::unexpected(issues.error());
    for (const Json& issue : *issues) by_key[text(issue, {"key"})] = &issue;
    for (size_t i = begin; i < end; ++i) {
      const Ticket& ticket = *tickets[i];
      const auto found = by_key.find(ticket.status.key);
      if (found != by_key.end() && is_done(*found->second) == ticket.status.issue_done) continue;
      const auto now = state(ticket);
      if (!now) return tl::unexpected(now.error());
      seen.push_back({ticket.full_name(), *now});
    }
  }
  return seen;
}

}  // namespace edp::tickets
