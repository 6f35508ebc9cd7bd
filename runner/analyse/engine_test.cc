#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "runner/analyse/rule.h"
#include "runner/analyse/testing/case_file.h"

namespace edp::analyse {
namespace {

// A sync.Map whose keys churn: two rules speak about the same line.
model::Facts churn(const std::string& folder, int line) {
  const std::string file = folder + "/calls.go:" + std::to_string(line);
  const std::string text =
      "profile cpu window=10\n"
      "  400 4000000000 | main.(*Calls).Begin@" +
      file +
      " > sync.(*Map).Swap@/go/src/sync/map.go\n"
      "  300 3000000000 | main.(*Calls).End@" +
      file +
      " > sync.(*Map).LoadAndDelete@/go/src/sync/map.go\n"
      "  300 3000000000 | main.(*Other).Put@" +
      file +
      " > sync.(*Map).Swap@/go/src/sync/map.go\n"
      "expect\n  clean GO-NONE\n";
  Result<testing::Case> golden = testing::parse_case(text, "case");
  EXPECT_TRUE(golden) << (golden ? "" : golden.error().to_string());
  if (!golden) return {};
  golden->facts.target = "http://svc:6060";
  return std::move(golden->facts);
}

const std::vector<std::string> kRules = {"GO-SYNCMAP-WRITE-HEAVY", "GO-SYNCMAP-KEY-CHURN"};

TEST(Engine, SortsWorstFirstAndNamesTheTarget) {
  const Analysis analysis = analyse(churn("/app", 11), {}, kRules);
  ASSERT_EQ(analysis.findings.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(analysis.findings, std::greater<>(), &model::Finding::severity));
  for (const model::Finding& finding : analysis.findings) EXPECT_EQ(finding.target, "http://svc:6060");
  ASSERT_EQ(analysis.rules.size(), 2U);
  for (const model::RuleOutcome& outcome : analysis.rules) {
    EXPECT_EQ(outcome.status, model::RuleStatus::kFired);
    EXPECT_EQ(outcome.target, "http://svc:6060");
  }
}

TEST(Engine, RelatesFindingsOfTheSameLine) {
  const Analysis analysis = analyse(churn("/app", 11), {}, kRules);
  for (const model::Finding& finding : analysis.findings) {
    const auto links = std::ranges::count_if(finding.related, [](const model::SourceLocation& location) {
      return location.role.starts_with("the same line in GO-SYNCMAP-");
    });
    EXPECT_EQ(links, finding.location.function == "main.(*Calls).Begin" ? 1 : 0) << finding.title;
  }
}

TEST(Engine, FingerprintsOutliveEditsBuildsAndTargets) {
  model::Facts moved = churn("/build/src", 57);
  moved.target = "http://other:6060";
  const Analysis before = analyse(churn("/app", 11), {}, kRules);
  const Analysis after = analyse(moved, {}, kRules);
  ASSERT_EQ(before.findings.size(), after.findings.size());
  std::set<std::string> distinct;
  for (size_t i = 0; i < before.findings.size(); ++i) {
    EXPECT_EQ(before.findings[i].fingerprint, after.findings[i].fingerprint);
    EXPECT_EQ(before.findings[i].fingerprint.size(), 16U);
    distinct.insert(before.findings[i].fingerprint);
  }
  EXPECT_EQ(distinct.size(), before.findings.size());
}

TEST(Engine, RunsAllRulesWhereNoneIsNamedAndEachHasItsPage) {
  const Analysis analysis = analyse({}, {});
  EXPECT_EQ(analysis.rules.size(), all_rules().size());
  EXPECT_TRUE(analysis.findings.empty());
  EXPECT_TRUE(std::ranges::is_sorted(all_rules(), {}, &Rule::id));
  for (const model::RuleOutcome& outcome : analysis.rules) {
    EXPECT_EQ(outcome.status == model::RuleStatus::kClean, outcome.reason.empty()) << outcome.rule;
    const std::filesystem::path page =
        std::filesystem::path(EDP_SOURCE_DIR) / "docs/rules" / (outcome.rule + ".md");
    EXPECT_TRUE(std::filesystem::exists(page)) << page;
  }
}

// The same fault has the same fingerprint, whichever of its sources a run has.
TEST(Engine, FingerprintsAreOfTheFaultNotOfItsSource) {
  const std::string path =
      std::string(EDP_SOURCE_DIR) + "/runner/analyse/rules/go/trace_and_profile-confirmed.case";
  const auto facts = [&] {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    Result<testing::Case> golden = testing::parse_case(text.str(), path);
    EXPECT_TRUE(golden) << (golden ? "" : golden.error().to_string());
    return std::move(golden->facts);
  };
  const std::vector<std::string> rules = {"GO-MAP-LOCK-CONVOY", "GO-MAP-LOCK-WAIT"};
  model::Facts profiles = facts();
  profiles.traces.clear();
  model::Facts traces = facts();
  traces.profiles.clear();
  const Analysis by_profiles = analyse(profiles, {}, rules);
  const Analysis by_traces = analyse(traces, {}, rules);
  const Analysis by_both = analyse(facts(), {}, rules);
  for (const Analysis* analysis : {&by_profiles, &by_traces, &by_both})
    ASSERT_EQ(analysis->findings.size(), 1U);
  EXPECT_EQ(by_profiles.findings[0].rule, "GO-MAP-LOCK-CONVOY");
  EXPECT_EQ(by_profiles.findings[0].confidence(), "one_source");
  EXPECT_EQ(by_traces.findings[0].rule, "GO-MAP-LOCK-WAIT");
  EXPECT_EQ(by_both.findings[0].rule, "GO-MAP-LOCK-CONVOY");
  EXPECT_EQ(by_both.findings[0].confidence(), "confirmed");
  EXPECT_EQ(by_profiles.findings[0].fingerprint, by_traces.findings[0].fingerprint);
  EXPECT_EQ(by_profiles.findings[0].fingerprint, by_both.findings[0].fingerprint);
}

}  // namespace
}  // namespace edp::analyse
