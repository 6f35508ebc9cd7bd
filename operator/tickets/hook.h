// The alternatives to Jira. Neither has issues of its own: the ticket's label serves as key.
#pragma once

#include <memory>
#include <string>

#include "operator/tickets/endpoint.h"

namespace edp::tickets {

// POSTs each change as JSON: {"event":"opened|updated|reopened|closed", "delivery": ..., "ticket": {...}}.
// With a key, X-EDP-Signature is "sha256=" and the HMAC of the body. X-EDP-Delivery is the same when it is
// sent again.
class Webhook final : public Tracker {
 public:
  // `path`: the URL's; the endpoint's own has none.
  Webhook(TrackerOptions options, std::string path, std::unique_ptr<Endpoint> endpoint)
      : options_(std::move(options)), path_(std::move(path)), endpoint_(std::move(endpoint)) {}
  Tried<std::optional<Issue>> find(const Ticket&) override { return std::nullopt; }
  Tried<Issue> create(const Ticket& ticket) override;
  Tried<void> move(const Ticket& ticket, bool done) override;
  Tried<void> comment(const Ticket& ticket, const Say& say) override;
  Tried<void> link(const Ticket&) override { return {}; }
  Tried<std::vector<Seen>> look(const std::vector<const Ticket*>&) override { return std::vector<Seen>(); }

 private:
  Tried<void> post(const Ticket& ticket, const std::string& event, const std::string& occasion,
                   const std::string& text);
  const TrackerOptions options_;
  const std::string path_;
  const std::unique_ptr<Endpoint> endpoint_;
};

// POST /api/v2/alerts: an alert for each open ticket, sent again with each look, resolved when it is closed.
class Alertmanager final : public Tracker {
 public:
  Alertmanager(TrackerOptions options, std::unique_ptr<Endpoint> endpoint)
      : options_(std::move(options)), endpoint_(std::move(endpoint)) {}
  Tried<std::optional<Issue>> find(const Ticket&) override { return std::nullopt; }
  Tried<Issue> create(const Ticket& ticket) override;
  Tried<void> move(const Ticket& ticket, bool done) override;
  Tried<void> comment(const Ticket&, const Say&) override { return {}; }
  Tried<void> link(const Ticket&) override { return {}; }
  Tried<std::vector<Seen>> look(const std::vector<const Ticket*>& tickets) override;

 private:
  const TrackerOptions options_;
  const std::unique_ptr<Endpoint> endpoint_;
};

Json hook_body(const Ticket& ticket, const std::string& event, const std::string& text,
               const std::string& cluster);
// `ends`: seconds since 1970.
Json alert_body(const Ticket& ticket, const std::string& cluster, int64_t ends);
// Hexadecimal HMAC-SHA-256.
std::string hmac_hex(const std::string& key, const std::string& body);

}  // namespace edp::tickets
