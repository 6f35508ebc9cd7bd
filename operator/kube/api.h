// Calls to a kube-apiserver. `Api` is the seam: everything that talks to the cluster takes one, so that
// fencing, counting and tests wrap it without knowing HTTP.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/cancel.h"
#include "common/result.h"

namespace edp::kube {

struct Call {
  std::string method = "GET";
  std::string path;  // path and query, percent-encoded: "/api/v1/pods?limit=500"
  std::string body;
  std::string content_type = "application/json";  // a PATCH says which kind it is
  std::chrono::milliseconds timeout{30'000};      // for the whole call; streams: see stream()
  uint64_t max_bytes = uint64_t{64} << 20;        // of the answer
  // Asked on the calling thread right before the request's bytes go out, each time they do; false: they
  // don't, and the answer is a failure. Unset: always. Made by fences (operator/leader).
  std::function<bool()> permit;
  // Beside those that come by themselves: Host, Authorization, Content-Type, lengths.
  std::vector<std::pair<std::string, std::string>> headers;

  [[nodiscard]] bool writes() const { return method != "GET" && method != "HEAD"; }
};

struct Answer {
  int status = 0;    // 0: no answer came, see failure
  std::string body;  // of any status; for errors usually a metav1.Status
  std::optional<std::chrono::seconds> retry_after;
  std::optional<Error> failure;  // no answer, or one that broke off

  [[nodiscard]] bool ok() const { return !failure && status >= 200 && status < 300; }
  [[nodiscard]] bool conflict() const { return !failure && status == 409; }
  [[nodiscard]] bool not_found() const { return !failure && status == 404; }
  // The call may be tried again later: no answer, 429, or 5xx.
  [[nodiscard]] bool passing() const { return failure.has_value() || status == 429 || status >= 500; }
  // "409 AlreadyExists: jobs.batch \"x\" already exists", or the failure; one line, no secrets.
  [[nodiscard]] std::string explain() const;
};

// Takes bytes in order as they come, cut anywhere; false ends the stream.
using BodySink = std::function<bool(std::string_view)>;

class Api {
 public:
  Api() = default;
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;
  virtual ~Api() = default;

  // From any thread. Never throws. Retries nothing but what can't have reached the server, and 401 once with
  // a fresh token.
  virtual Answer call(const Call& what, const CancelToken& cancel) = 0;

  // For lists and watches: the body of a 200 goes to `sink` as it comes, that of any other status into the
  // Answer. Ends with the body, when `sink` says so, after `what.timeout` in all, or when nothing came for
  // `idle` (a failure then). Each stream has a connection of its own.
  virtual Answer stream(const Call& what, std::chrono::milliseconds idle, const BodySink& sink,
                        const CancelToken& cancel) = 0;
};

}  // namespace edp::kube
