#include "operator/reconcile/outcome.h"

#include <gtest/gtest.h>

namespace edp::reconcile {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(Outcome, ReadsASummary) {
  const auto outcome = parse_outcome(
      R"({"schema":"edp.summary/v1","exit_status":2,"critical":1,"warning":3,"info":0,"worst":[)"
      R"({"rule":"GO-SYNCMAP-WRITE-HEAVY","severity":"CRITICAL","title":"t","location":"main.f x.go:7","fingerprint":"ab"}],)"
      R"("digest":")" +
      kDigest + R"(","uploaded":true,"error":""})");
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(outcome->exit_status, 2);
  EXPECT_EQ(outcome->critical, 1);
  EXPECT_EQ(outcome->warning, 3);
  EXPECT_EQ(outcome->info, 0);
  ASSERT_EQ(outcome->worst.size(), 1U);
  EXPECT_EQ(outcome->worst[0],
            (watch::WorstFinding{"GO-SYNCMAP-WRITE-HEAVY", "CRITICAL", "t", "main.f x.go:7", "", "ab"}));
  EXPECT_EQ(outcome->digest, kDigest);
  EXPECT_TRUE(outcome->uploaded);
}

struct BadCase {
  const char* name;
  std::string message, error;
};
void PrintTo(const BadCase& c, std::ostream* out) { *out << c.name; }
class OutcomeRefuses : public ::testing::TestWithParam<BadCase> {};

TEST_P(OutcomeRefuses, WhatIsNoSummary) {
  const auto outcome = parse_outcome(GetParam().message);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().what, GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, OutcomeRefuses,
    ::testing::Values(
        BadCase{"nothing", "", "the runner left no summary"},
        BadCase{"a_log_line", "panic: runtime error", "the runner's summary is no JSON object"},
        BadCase{"cut", R"({"schema":"edp.summary/v1","exit_st)", "the runner's summary is no JSON object"},
        BadCase{"another_schema", R"({"schema":"edp.summary/v2","exit_status":0})",
                "the runner's summary is not of schema edp.summary/v1"},
        BadCase{"an_array", "[1,2]", "the runner's summary is no JSON object"},
        BadCase{"no_status", R"({"schema":"edp.summary/v1"})", "the runner's summary has no exit status"},
        BadCase{"status_as_text", R"({"schema":"edp.summary/v1","exit_status":"0"})",
                "the runner's summary has no exit status"},
        BadCase{"status_out_of_range", R"({"schema":"edp.summary/v1","exit_status":-1})",
                "the runner's summary has no exit status"},
        BadCase{"deep", std::string(4000, '['), "the runner's summary is no JSON object"},
        BadCase{"large",
                R"({"schema":"edp.summary/v1","exit_status":0,"error":")" + std::string(9000, 'x') + "\"}",
                "the runner's summary is too large"}),
    [](const auto& test) { return test.param.name; });

TEST(Outcome, HostileFieldsDoNoHarm) {
  std::string worst;
  for (int i = 0; i < 9; ++i) {
    worst += std::string(i == 0 ? "" : ",") +
             R"({"severity":"INFO","title":"a\nb\u0007 <script>x</script>","rule":[1]})";
  }
  const auto outcome = parse_outcome(
      R"({"schema":"edp.summary/v1","exit_status":0,"critical":-5,"warning":1e300,"info":"7","digest":"sha256:zz",)"
      R"("uploaded":"yes","error":{"a":1},"worst":[{"severity":"FATAL"},7,null,)" +
      worst + "]}");
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(outcome->critical, 0);
  EXPECT_GE(outcome->warning, 0);
  EXPECT_LE(outcome->warning, 1'000'000);
  EXPECT_EQ(outcome->info, 0);
  EXPECT_EQ(outcome->digest, "");
  EXPECT_FALSE(outcome->uploaded);
  EXPECT_EQ(outcome->error, "");
  ASSERT_EQ(outcome->worst.size(), 5U);
  for (const char c : outcome->worst[0].title) EXPECT_GE(c, ' ');
  EXPECT_EQ(outcome->worst[0].title.find('<'), std::string::npos);
}

TEST(Verdict, NamesOnlyWhatThereIs) {
  EXPECT_EQ(verdict_text(0, 0, 0), "no findings");
  EXPECT_EQ(verdict_text(2, 1, 0), "2 CRITICAL, 1 WARNING");
  EXPECT_EQ(verdict_text(0, 0, 4), "4 INFO");
}

}  // namespace
}  // namespace edp::reconcile
