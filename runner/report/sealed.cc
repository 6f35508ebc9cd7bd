#include "runner/report/sealed.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "runner/report/read.h"
#include "runner/report/report.h"

namespace edp::report {
namespace {

// As to_json() writes it. Inside a string its quotes would be escaped.
constexpr std::string_view kNoCounts = R"("masking": {})";

}  // namespace

Result<Sealed> seal(model::Report report, const std::shared_ptr<const masking::Patterns>& patterns) {
  masking::Counts counts;
  Sealed sealed{.masked = {}, .json = masking::mask_json(to_json(report), patterns, counts), .report = {}};
  for (model::Facts& facts : report.targets) {
    for (model::TraceFact& trace : facts.traces) {
      auto masked = std::make_shared<model::Timeline>(*trace.timeline);  // what is large is shared
      masked->change_texts([&](std::string_view text) { return masking::mask(text, patterns, counts); });
      trace.timeline = std::move(masked);
    }
  }
  const size_t place = sealed.json.find(kNoCounts);
  if (place == std::string::npos) return fail("the report has no place for the masking's counts");
  sealed.masked = counts.by_name();
  const std::string struck = nlohmann::json(sealed.masked).dump();
  sealed.json.replace(place, kNoCounts.size(), R"("masking": )" + struck);
  auto read = from_json(sealed.json);
  if (!read) return tl::unexpected(read.error());
  sealed.report = std::move(*read);
  for (size_t i = 0; i < std::min(report.targets.size(), sealed.report.targets.size()); ++i) {
    sealed.report.targets[i].traces = std::move(report.targets[i].traces);
  }
  return sealed;
}

}  // namespace edp::report
