// Calls to a tracker's server: credentials from files that are read again, fenced writes, troubles by their
// kind.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "common/http_session.h"
#include "operator/tickets/tracker.h"

namespace edp::tickets {

using Json = nlohmann::json;

struct Reply {
  int status = 0;
  std::string body;
  [[nodiscard]] Json json() const;  // null where it is none
};

class Endpoint {
 public:
  static Result<std::unique_ptr<Endpoint>> open(const TrackerOptions& options, TimeLeft left,
                                                CancelToken cancel);

  using Headers = std::vector<std::pair<std::string, std::string>>;
  // A reading call is made whoever leads; any other only while there is time left. Statuses of 2xx are
  // replies, all others are troubles, with what the server says.
  Tried<Reply> call(const std::string& method, const std::string& target, const std::string& body,
                    bool writes, const Headers& headers = {});

 private:
  Endpoint(const TrackerOptions& options, http::Peer peer, TimeLeft left, CancelToken cancel);

  const std::chrono::milliseconds timeout_;
  const TimeLeft left_;
  const CancelToken cancel_;
  http::SessionPool pool_;
};

// What a Jira (errorMessages, errors) or another server says in the body of an error; one line.
std::string server_text(const std::string& body);

}  // namespace edp::tickets
