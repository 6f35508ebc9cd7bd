// May this request bring a report: the token is a runner's, and the runner's pod is the one of that run and
// target.
#pragma once

#include <string>

#include "common/http_server.h"
#include "operator/serve/fault.h"
#include "operator/serve/report_service.h"
#include "operator/serve/review.h"

namespace edp::serve {

class RunnerGate {
 public:
  RunnerGate(Reviewer& reviewer, RunnerDirectory& runners, const ReportServiceOptions& options)
      : reviewer_(reviewer), runners_(runners), options_(options) {}

  // The token alone.
  tl::expected<User, Fault> authenticate(const http::ServerRequest& request);
  // The attempt that the runner belongs to.
  tl::expected<int, Fault> admit(const User& user, const ReportKey& key);

 private:
  Reviewer& reviewer_;
  RunnerDirectory& runners_;
  const ReportServiceOptions& options_;
};

}  // namespace edp::serve
