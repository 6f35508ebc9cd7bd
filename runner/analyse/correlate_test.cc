#include "runner/analyse/correlate.h"

#include <gtest/gtest.h>

namespace edp::analyse {
namespace {

using model::Finding;
using model::Severity;

Finding finding(std::string rule, std::string subject, Severity severity = Severity::kWarning) {
  Finding made{
      .rule = std::move(rule), .severity = severity, .summary = "Words.", .subject = std::move(subject)};
  made.fault = "FAULT";
  made.evidence.push_back({.name = made.rule});
  made.location = {.function = "main.f", .file = "/app/f.go", .line = 7, .role = "map operation"};
  made.related.push_back({.function = "main.g", .file = "/app/g.go", .line = 9, .role = "waiter"});
  return made;
}

TEST(Correlate, JoinsWhatTwoRulesSayOfOneSubject) {
  std::vector<Finding> findings = {finding("TRACE", "lock", Severity::kCritical), finding("FAULT", "lock")};
  findings[0].location.line = 8;
  correlate(findings);
  ASSERT_EQ(findings.size(), 1U);
  const Finding& joined = findings.front();
  EXPECT_EQ(joined.rule, "FAULT");  // named after the fault, although the other came first
  EXPECT_EQ(joined.severity, Severity::kCritical);
  EXPECT_EQ(joined.confirmed_by, std::vector<std::string>{"TRACE"});
  EXPECT_EQ(joined.confidence(), "confirmed");
  ASSERT_EQ(joined.evidence.size(), 2U);
  EXPECT_EQ(joined.evidence[1].name, "TRACE");
  EXPECT_EQ(joined.summary, "Words. TRACE sees the same: Words.");
  ASSERT_EQ(joined.related.size(), 2U);  // the waiter, which both name, once; the other's own line
  EXPECT_EQ(joined.related[1].line, 8);
}

TEST(Correlate, TakesTheLineOfWhoWasSeenAndKeepsTheIdentity) {
  std::vector<Finding> findings = {finding("FAULT", "lock"), finding("TRACE", "lock")};
  findings[1].location.function = "main.walk";
  correlate(findings);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].location.function, "main.walk");
  ASSERT_TRUE(findings[0].identity);
  EXPECT_EQ(findings[0].identity->function, "main.f");
  EXPECT_EQ(findings[0].summary,
            "Words. TRACE sees the same: Words. The two differ in the line: FAULT infers main.f, TRACE saw "
            "main.walk while others waited.");
  EXPECT_EQ(findings[0].related.size(), 1U) << "the line that was inferred is the same file's and number's";
}

TEST(Correlate, KeepsApartWhatIsNotTheSame) {
  Finding other_target = finding("TRACE", "lock");
  other_target.target = "pod-2";
  Finding other_fault = finding("TRACE", "lock");
  other_fault.fault = "OTHER";
  std::vector<Finding> findings = {finding("FAULT", "lock"),
                                   finding("TRACE", "another lock"),
                                   finding("FAULT", "lock"),
                                   other_target,
                                   other_fault,
                                   finding("FAULT", ""),
                                   finding("TRACE", "")};
  correlate(findings);
  EXPECT_EQ(findings.size(), 7U);
  for (const Finding& one : findings) EXPECT_EQ(one.confidence(), "one_source");
}

TEST(Correlate, TellsAContradiction) {
  std::vector<Finding> findings = {finding("FAULT", "lock"), finding("TRACE", "lock"),
                                   finding("FAULT", "alone")};
  findings[1].contradiction = "the profile knows nothing of it";
  findings[2].contradiction = "the trace shows nobody";
  correlate(findings);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].confidence(), "contradicted");
  EXPECT_EQ(findings[0].summary,
            "Words. TRACE sees the same: Words. Contradiction: the profile knows nothing of it.");
  EXPECT_EQ(findings[1].summary, "Words. Contradiction: the trace shows nobody.");
}

}  // namespace
}  // namespace edp::analyse
