// Where tickets go: Jira, a webhook, or Alertmanager. One thread calls it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/cancel.h"
#include "operator/tickets/decide.h"

namespace edp::tickets {

template <typename T>
using Tried = tl::expected<T, Trouble>;

// How long this replica may still write; not positive: it is not the leader. Asked before a write is begun
// and again right before its bytes go out.
using TimeLeft = std::function<std::chrono::milliseconds()>;

class Tracker {
 public:
  Tracker() = default;
  Tracker(const Tracker&) = delete;
  Tracker& operator=(const Tracker&) = delete;
  virtual ~Tracker() = default;

  virtual Tried<std::optional<Issue>> find(const Ticket& ticket) = 0;
  virtual Tried<Issue> create(const Ticket& ticket) = 0;
  // Done already is success.
  virtual Tried<void> move(const Ticket& ticket, bool done) = 0;
  // A comment that was tried before is looked for first.
  virtual Tried<void> comment(const Ticket& ticket, const Say& say) = 0;
  virtual Tried<void> link(const Ticket& ticket) = 0;

  struct Seen {
    std::string ticket;  // full_name()
    IssueSeen issue;
  };
  // How the issues of these tickets are; those that are not named are as they were.
  virtual Tried<std::vector<Seen>> look(const std::vector<const Ticket*>& tickets) = 0;
};

enum class Kind : uint8_t { kNone, kJira, kWebhook, kAlertmanager };
struct TrackerOptions {
  Kind kind = Kind::kNone;
  std::string url;
  std::string ca_file;
  std::string token_file;                            // bearer token (Jira, webhook, Alertmanager), or
  std::string user_file, password_file;              // basic: Jira Cloud's e-mail address and API token
  std::string hmac_file;                             // webhook: the key of its signature
  std::string proxy;                                 // "http://host:port" on the way to it; empty: none
  std::string proxy_user_file, proxy_password_file;  // what the proxy asks for; empty: nothing
  // Jira.
  int api_version = 2;
  std::string project, issue_type = "Bug";
  std::map<std::string, std::string> priorities;  // severity -> name; none: the project's default
  std::vector<std::string> labels;
  std::string cluster;  // shown, and part of the issue's label
  std::chrono::milliseconds timeout{10'000};
};

// An error: the options can't work.
Result<std::unique_ptr<Tracker>> open_tracker(const TrackerOptions& options, TimeLeft left,
                                              CancelToken cancel);

}  // namespace edp::tickets
