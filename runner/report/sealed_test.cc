#include "runner/report/sealed.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runner/report/sample_report.h"

namespace edp::report {
namespace {

TEST(Sealed, EverythingIsMaskedAndCounted) {
  model::Report report = testing::sample_report();
  report.findings.front().title += " for 13812345678";
  report.collectors.front().message = "refused: password=hunter2";
  const auto sealed = seal(report, masking::Patterns::compile({{"main", "main\\.", "m."}}).value());
  ASSERT_TRUE(sealed) << sealed.error().to_string();
  for (const char* hidden : {"13812345678", "hunter2", "main."}) {
    EXPECT_EQ(sealed->json.find(hidden), std::string::npos) << hidden;
  }
  EXPECT_NE(sealed->report.findings.front().title.find("138****5678"), std::string::npos);
  EXPECT_EQ(sealed->report.collectors.front().message, "refused: password=***");
  const auto json = nlohmann::json::parse(sealed->json);
  EXPECT_EQ(json["masking"]["phone"], 1);
  EXPECT_EQ(json["masking"]["password"], 1);
  EXPECT_GT(json["masking"]["main"], 1);
}

TEST(Sealed, NothingToHide) {
  const auto sealed = seal(testing::sample_report(), masking::Patterns::compile().value());
  ASSERT_TRUE(sealed);
  EXPECT_EQ(nlohmann::json::parse(sealed->json)["masking"], nlohmann::json::object());
}

}  // namespace
}  // namespace edp::report
