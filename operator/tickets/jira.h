// Jira's REST API, version 2 (Data Center, Server, Cloud) or 3 (Cloud; descriptions and comments in Atlassian
// Document Format). Requests only; what is asked when is decide.h's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "operator/tickets/endpoint.h"

namespace edp::tickets {

class Jira final : public Tracker {
 public:
  Jira(TrackerOptions options, std::unique_ptr<Endpoint> endpoint)
      : options_(std::move(options)), endpoint_(std::move(endpoint)) {}

  Tried<std::optional<Issue>> find(const Ticket& ticket) override;
  Tried<Issue> create(const Ticket& ticket) override;
  Tried<void> move(const Ticket& ticket, bool done) override;
  Tried<void> comment(const Ticket& ticket, const Say& say) override;
  Tried<void> link(const Ticket& ticket) override;
  Tried<std::vector<Seen>> look(const std::vector<const Ticket*>& tickets) override;

 private:
  [[nodiscard]] std::string api(const std::string& rest) const;
  [[nodiscard]] Issue issue_of(const Json& json) const;
  Tried<Json> search(const std::string& jql, size_t most);
  Tried<IssueSeen> state(const Ticket& ticket);
  Tried<bool> said(const Ticket& ticket, const Say& say);

  const TrackerOptions options_;
  const std::unique_ptr<Endpoint> endpoint_;
  bool new_search_ = false;  // the server has search/jql only
};

// Bodies, apart from the calls, for their golden cases.
Json issue_body(const Ticket& ticket, const TrackerOptions& options);
// The first transition that leads to a status of the wanted category; its resolution is set where one is
// asked for. Null: there is none.
Json transition_body(const Json& transitions, bool done);

}  // namespace edp::tickets
