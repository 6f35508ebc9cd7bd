// GET of reports and of their index, for those who may see the run.
#pragma once

#include "operator/serve/fault.h"
#include "operator/serve/report_service.h"
#include "operator/serve/review.h"

namespace edp::serve {

class Downloads {
 public:
  Downloads(ReportStore& store, Reviewer& reviewer) : store_(store), reviewer_(reviewer) {}

  http::Reply report(http::ServerRequest& request, const ReportKey& key, ServeEvent& event);
  http::Reply index(http::ServerRequest& request, const std::string& ns, const std::string& name,
                    ServeEvent& event);

 private:
  // Nothing: he may.
  std::optional<Fault> check(http::ServerRequest& request, const std::string& ns, const std::string& name,
                             ServeEvent& event);

  ReportStore& store_;
  Reviewer& reviewer_;
};

}  // namespace edp::serve
