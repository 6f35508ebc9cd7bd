#include "operator/tickets/hook.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <ctime>

#include "common/files.h"
#include "operator/tickets/jira.h"
#include "operator/tickets/text.h"
#include "operator/watch/readers.h"

namespace edp::tickets {
namespace {

constexpr int64_t kAlertLasts = 300;  // Alertmanager's own resolve_timeout

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Issue own_issue(const Ticket& ticket) {
  return {.key = ticket.status.label, .id = {}, .url = {}, .done = false};
}

// What a 404 means here: the address is wrong.
template <typename T>
Tried<T> without_gone(Tried<T> tried) {
  if (!tried && tried.error().kind == Trouble::Kind::kGone) tried.error().kind = Trouble::Kind::kRefused;
  return tried;
}

}  // namespace

std::string hmac_hex(const std::string& key, const std::string& body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(body.data()), body.size(), mac.data(), &size);
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += "0123456789abcdef"[mac.at(i) >> 4U];
    text += "0123456789abcdef"[mac.at(i) & 15U];
  }
  return text;
}

Json hook_body(const Ticket& ticket, const std::string& event, const std::string& words,
               const std::string& cluster) {
  const Spec& spec = ticket.spec;
  const Status& s = ticket.status;
  return {{"schema", "edp.ticket/v1"},
          {"event", event},
          {"text", words},
          {"ticket",
           {{"id", s.label},
            {"namespace", ticket.ns},
            {"name", ticket.name},
            {"cluster", cluster},
            {"state", to_string(s.state)},
            {"summary", summary_line(ticket, cluster)},
            {"rule", spec.rule},
            {"severity", spec.severity},
            {"fingerprint", spec.fingerprint},
            {"workload", {{"kind", spec.kind}, {"name", spec.name}}},
            {"location", spec.location},
            {"evidence", spec.evidence},
            {"advice", spec.advice},
            {"report", s.report_url},
            {"alerts", s.alerts},
            {"count", s.count},
            {"firstSeen", watch::format_time(s.first_seen)},
            {"lastSeen", watch::format_time(s.last_seen)},
            {"recoverySeconds", s.recovery_seconds}}}};
}

Tried<void> Webhook::post(const Ticket& ticket, const std::string& event, const std::string& occasion,
                          const std::string& words) {
  const std::string body = dump(hook_body(ticket, event, words, options_.cluster));
  Endpoint::Headers headers = {
      {"X-EDP-Event", event},
      {"X-EDP-Delivery", sha256_hex(ticket.status.label + "\n" + event + "\n" + occasion).substr(0, 32)}};
  if (!options_.hmac_file.empty()) {
    auto key = read_file(options_.hmac_file, 65'536);
    if (!key) {
      return tl::unexpected(Trouble{.kind = Trouble::Kind::kCredentials, .message = key.error().to_string()});
    }
    while (!key->empty() && (key->back() == '\n' || key->back() == '\r')) key->pop_back();
    headers.emplace_back("X-EDP-Signature", "sha256=" + hmac_hex(*key, body));
  }
  const auto got = without_gone(endpoint_->call("POST", path_, body, true, headers));
  if (!got) return tl::unexpected(got.error());
  return {};
}

Tried<Issue> Webhook::create(const Ticket& ticket) {
  // Sent again after a lost answer it is the same delivery.
  if (auto sent = post(ticket, "opened", std::to_string(ticket.status.since), {}); !sent) {
    return tl::unexpected(sent.error());
  }
  return own_issue(ticket);
}

Tried<void> Webhook::move(const Ticket& ticket, bool done) {
  const Status& s = ticket.status;
  return post(ticket, done ? "closed" : "reopened", done ? s.validation.run : std::to_string(s.reopened),
              done ? s.validation.message : std::string());
}

Tried<void> Webhook::comment(const Ticket& ticket, const Say& say) {
  return post(ticket, "updated", say.ref, say.text);
}

Json alert_body(const Ticket& ticket, const std::string& cluster, int64_t ends) {
  const Spec& spec = ticket.spec;
  Json labels = {{"alertname", "EDPFinding"},      {"severity", "critical"}, {"namespace", ticket.ns},
                 {"workload_kind", spec.kind},     {"workload", spec.name},  {"rule", spec.rule},
                 {"fingerprint", spec.fingerprint}};
  if (!cluster.empty()) labels["cluster"] = cluster;
  Json annotations = {{"summary", summary_line(ticket, cluster)}, {"description", cut(spec.summary, 800)}};
  if (!spec.advice.empty()) annotations["advice"] = cut(spec.advice, 800);
  if (!ticket.status.report_url.empty()) annotations["report"] = ticket.status.report_url;
  Json alert = {{"labels", std::move(labels)},
                {"annotations", std::move(annotations)},
                {"startsAt", watch::format_time(ticket.status.since)},
                {"endsAt", watch::format_time(ends)}};
  if (!ticket.status.report_url.empty()) alert["generatorURL"] = ticket.status.report_url;
  return alert;
}

Tried<std::vector<Tracker::Seen>> Alertmanager::look(const std::vector<const Ticket*>& tickets) {
  if (tickets.empty()) return std::vector<Seen>();
  Json alerts = Json::array();
  const int64_t ends = std::time(nullptr) + kAlertLasts;
  for (const Ticket* ticket : tickets) alerts.push_back(alert_body(*ticket, options_.cluster, ends));
  const auto got = without_gone(endpoint_->call("POST", "/api/v2/alerts", dump(alerts), true));
  if (!got) return tl::unexpected(got.error());
  return std::vector<Seen>();
}

Tried<Issue> Alertmanager::create(const Ticket& ticket) {
  if (const auto sent = look({&ticket}); !sent) return tl::unexpected(sent.error());
  return own_issue(ticket);
}

Tried<void> Alertmanager::move(const Ticket& ticket, bool done) {
  const int64_t ends = std::time(nullptr) + (done ? 0 : kAlertLasts);
  const Json alerts = Json::array({alert_body(ticket, options_.cluster, ends)});
  const auto got = without_gone(endpoint_->call("POST", "/api/v2/alerts", dump(alerts), true));
  if (!got) return tl::unexpected(got.error());
  return {};
}

Result<std::unique_ptr<Tracker>> open_tracker(const TrackerOptions& options, TimeLeft left,
                                              CancelToken cancel) {
  TrackerOptions peer = options;
  std::string path = "/";
  if (options.kind == Kind::kWebhook) {
    if (const auto url = http::parse_url(options.url)) {
      if (!url->path.empty()) path = url->path;
      if (url->user.empty() && url->password.empty()) peer.url = url->origin();
    }
  }
  auto endpoint = Endpoint::open(peer, std::move(left), std::move(cancel));
  if (!endpoint) return tl::unexpected(endpoint.error());
  switch (options.kind) {
    case Kind::kJira:
      if (options.project.empty()) return fail("is needed for Jira", "tickets.project");
      if (options.api_version != 2 && options.api_version != 3)
        return fail("is 2 or 3", "tickets.apiVersion");
      return std::unique_ptr<Tracker>(std::make_unique<Jira>(options, std::move(*endpoint)));
    case Kind::kWebhook:
      return std::unique_ptr<Tracker>(std::make_unique<Webhook>(options, path, std::move(*endpoint)));
    case Kind::kAlertmanager:
      return std::unique_ptr<Tracker>(std::make_unique<Alertmanager>(options, std::move(*endpoint)));
    case Kind::kNone:
      break;
  }
  return fail("no kind of tracker", "tickets.kind");
}

}  // namespace edp::tickets
