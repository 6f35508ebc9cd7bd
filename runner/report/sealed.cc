#include "runner/report/sealed.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "runner/report/read.h"
#include "runner/report/report.h"

namespace edp::report {
namespace {

// As to_json() writes it. Inside a string its quotes would be escaped.
constexpr std::string_view kNoCounts = R"("masking": {})";

}  // namespace

Result<Sealed> seal(const model::Report& report, const std::shared_ptr<const masking::Patterns>& patterns) {
  masking::Counts counts;
  Sealed sealed{.json = masking::mask_json(to_json(report), patterns, counts), .report = {}};
  const size_t place = sealed.json.find(kNoCounts);
  if (place == std::string::npos) return fail("the report has no place for the masking's counts");
  const std::string struck = nlohmann::json(counts.by_name()).dump();
  sealed.json.replace(place, kNoCounts.size(), R"("masking": )" + (counts.total() == 0 ? "{}" : struck));
  auto read = from_json(sealed.json);
  if (!read) return tl::unexpected(read.error());
  sealed.report = std::move(*read);
  return sealed;
}

}  // namespace edp::report
