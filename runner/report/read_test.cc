#include "runner/report/read.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runner/report/report.h"
#include "runner/report/sample_report.h"

namespace edp::report {
namespace {

using nlohmann::json;

struct Named {
  const char* name;
  model::Report (*make)();
};

class ReadBack : public ::testing::TestWithParam<Named> {};

// What is made of a report that was read equals what the report's maker would have made.
TEST_P(ReadBack, GivesTheSameForms) {
  const model::Report report = GetParam().make();
  const auto read = from_json(to_json(report));
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(to_terminal(*read, {.colour = true, .width = 120}),
            to_terminal(report, {.colour = true, .width = 120}));
  EXPECT_EQ(to_junit(*read), to_junit(report));
  EXPECT_EQ(to_sarif(*read), to_sarif(report));
}

TEST_P(ReadBack, MergedAloneItStaysAsItIs) {
  const model::Report report = GetParam().make();
  const std::string text = to_json(report);
  const auto merged = merge_json({text}, {.run_id = report.run_id,
                                          .gate = json::parse(text).at("run").at("gate"),
                                          .exit_status = report.exit_status});
  ASSERT_TRUE(merged) << merged.error().to_string();
  EXPECT_EQ(json::parse(*merged), json::parse(text));
}

INSTANTIATE_TEST_SUITE_P(Samples, ReadBack,
                         ::testing::Values(Named{"Sample", testing::sample_report},
                                           Named{"Clean", testing::clean_report}),
                         [](const auto& given) { return given.param.name; });

// Bytes that are no UTF-8 are replaced on the way, in equal measure wherever they are shown.
TEST(ReadTest, SurvivesAHostileReport) {
  const auto read = from_json(to_json(testing::hostile_report()));
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->findings.size(), testing::hostile_report().findings.size());
  EXPECT_EQ(to_terminal(*read, {}).find('\x07'), std::string::npos);
}

TEST(ReadTest, EvidenceKeepsItsPlaceInATrace) {
  model::Report report = testing::clean_report();
  model::Finding& finding = report.findings.emplace_back();
  finding.rule = "GO-X";
  finding.evidence.push_back({.name = "all", .interval = {{.begin = 5, .end = 9'000'000'000'000}}});
  finding.evidence.push_back({.name = "one", .interval = {{.begin = 5, .end = 6, .goroutine = UINT64_MAX}}});
  finding.evidence.push_back({.name = "none"});
  const auto read = from_json(to_json(report));
  ASSERT_TRUE(read) << read.error().to_string();
  const std::vector<model::Evidence>& evidence = read->findings.at(0).evidence;
  ASSERT_TRUE(evidence[0].interval);
  EXPECT_EQ(evidence[0].interval->end, 9'000'000'000'000);
  EXPECT_FALSE(evidence[0].interval->goroutine);
  ASSERT_TRUE(evidence[1].interval);
  EXPECT_EQ(evidence[1].interval->goroutine, UINT64_MAX);
  EXPECT_FALSE(evidence[2].interval);
}

struct Bad {
  const char* name;
  std::string text;
  const char* says;
};
class NotAReport : public ::testing::TestWithParam<Bad> {};

TEST_P(NotAReport, IsRefusedInWords) {
  for (const auto& error : {from_json(GetParam().text).map([](const auto&) {}),
                            merge_json({GetParam().text}, {}).map([](const auto&) {})}) {
    ASSERT_FALSE(error);
    EXPECT_NE(error.error().to_string().find(GetParam().says), std::string::npos)
        << error.error().to_string();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Texts, NotAReport,
    ::testing::Values(Bad{"Empty", "", "is not a report"}, Bad{"Page", "<html>", "is not a report"},
                      Bad{"List", "[]", "is not an edp.report/v1"},
                      Bad{"OtherSchema", R"({"schema":"edp.summary/v1"})", "is not an edp.report/v1"},
                      Bad{"SchemaOfAnotherType", R"({"schema":7})", "is not a report"},
                      Bad{"Incomplete", R"({"schema":"edp.report/v1"})", "is not a report"},
                      Bad{"Deep", std::string(100'000, '['), "nested too deep"}),
    [](const auto& given) { return given.param.name; });

TEST(MergeTest, PutsTargetsSideBySideAndTheWorstFirst) {
  model::Report one;
  one.started = std::chrono::system_clock::time_point(std::chrono::seconds(1'000'000));
  one.seconds = 5;
  one.targets.push_back({.target = "pod:shop/a"});
  one.findings.push_back(
      {.rule = "GO-X", .severity = model::Severity::kWarning, .title = "a", .target = "pod:shop/a"});
  one.rules.push_back({.rule = "GO-X", .target = "pod:shop/a", .status = model::RuleStatus::kFired});
  model::Report two = one;
  two.started -= std::chrono::seconds(60);
  two.seconds = 9;
  two.targets[0].target = "pod:shop/b";
  two.findings[0].severity = model::Severity::kCritical;
  two.rules[0].status = model::RuleStatus::kClean;

  const auto merged =
      merge_json({to_json(one), to_json(two)}, {.run_id = "uid", .gate = "WARNING", .exit_status = 2});
  ASSERT_TRUE(merged) << merged.error().to_string();
  const json report = json::parse(*merged);
  EXPECT_EQ(report.at("run").at("id"), "uid");
  EXPECT_EQ(report.at("run").at("gate"), "WARNING");
  EXPECT_EQ(report.at("run").at("exit_status"), 2);
  EXPECT_EQ(report.at("run").at("started"), "1970-01-12T13:45:40.000Z");
  EXPECT_EQ(report.at("run").at("duration_seconds"), 9);
  EXPECT_EQ(report.at("verdict"), json::parse(R"({"worst":"CRITICAL","critical":1,"warning":1,"info":0,
                                                  "rules_clean":1,"rules_cannot_tell":0})"));
  EXPECT_EQ(report.at("findings").at(0).at("severity"), "CRITICAL");
  ASSERT_EQ(report.at("targets").size(), 2U);
  EXPECT_EQ(report.at("targets").at(1).at("name"), "pod:shop/b");
  EXPECT_EQ(report.at("rules").size(), 2U);
}

}  // namespace
}  // namespace edp::report
