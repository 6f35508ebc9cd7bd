// A report in the only form in which it leaves the runner: masked. Whoever writes, prints or sends one takes
// it from here, so that a new way out can't forget the masking.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/masking/masker.h"
#include "common/result.h"
#include "runner/model/report.h"

namespace edp::report {

struct Sealed {
  std::map<std::string, uint64_t> masked;  // how often each kind was hidden
  std::string json;                        // edp.report/v1; its "masking" says how often each kind was hidden
  model::Report
      report;  // the same, as from_json() reads it, and the masked traces: for pages, people, build servers
};

Result<Sealed> seal(model::Report report, const std::shared_ptr<const masking::Patterns>& patterns);

}  // namespace edp::report
