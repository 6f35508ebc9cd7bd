#include "operator/probe/breach.h"

#include <gtest/gtest.h>

#include <string>

namespace edp::probe {
namespace {

using std::chrono::milliseconds;
using Change = BreachDetector::Change;

// One letter a result: . good, e at the edge (90% of the limit), s slow, x failed. The answer, one a result:
// B begins, E ends, - nothing.
struct Case {
  const char* name;
  const char* results;
  const char* changes;
  BreachLimits limits = {};
};
class Breach : public ::testing::TestWithParam<Case> {};
TEST_P(Breach, BeginsAndEnds) {
  const Case& c = GetParam();
  BreachDetector detector;
  std::string changes;
  for (const char result : std::string(c.results)) {
    const auto latency = milliseconds(result == 's' ? 1'200 : result == 'e' ? 900 : 10);
    const Change change = detector.add(c.limits, result != 'x', latency);
    changes += change == Change::kBegins ? 'B' : change == Change::kEnds ? 'E' : '-';
  }
  EXPECT_EQ(changes, c.changes) << c.results;
}
INSTANTIATE_TEST_SUITE_P(
    Cases, Breach,
    ::testing::Values(Case{"Healthy", "......", "------"}, Case{"TwoAreNotThree", "xx.xx.", "------"},
                      Case{"Three", "xxx", "--B"}, Case{"BeginsOnce", "xxxxxx", "--B---"},
                      Case{"EndsAfterThree", "xxx..x...", "--B-----E"},
                      Case{"AgainAfterItsEnd", "xxx...xxx", "--B--E--B"}, Case{"Slow", "sss", "--B"},
                      Case{"SlowAndFailedAreNotOneRow", "ssxssx", "------"},
                      Case{"EdgeIsNotSlow", "eeeeee", "------"},
                      Case{"EdgeDoesNotEndSlowness", "ssseeee...", "--B------E"},
                      Case{"AfterFailuresTheEdgeWillDo", "xxxeee", "--B--E"},
                      Case{"FailuresTurnToSlowness", "xxxsssss",
                           "--B--E-"
                           "-"},
                      Case{"OneIsEnough", "x.x.", "BEBE", {.failures = 1}},
                      Case{"BelowOneIsOne", "x", "B", {.failures = 0}},
                      Case{"LatencyOff", "ssssss", "------", {.latency = {}}}),
    [](const auto& of) { return std::string(of.param.name); });

TEST(BreachKind, SaysWhich) {
  BreachDetector detector;
  EXPECT_EQ(to_string(detector.breach()), "none");
  for (int i = 0; i < 3; ++i) detector.add({}, false, {});
  EXPECT_EQ(to_string(detector.breach()), "failures");
  for (int i = 0; i < 3; ++i) detector.add({}, true, milliseconds(5'000));
  EXPECT_EQ(to_string(detector.breach()), "none");
  for (int i = 0; i < 3; ++i) detector.add({}, true, milliseconds(5'000));
  EXPECT_EQ(to_string(detector.breach()), "latency");
}

TEST(BreachKind, CountsDoNotWrap) {
  BreachDetector detector;
  int begins = 0;
  for (int i = 0; i < 200'000; ++i) begins += detector.add({}, false, {}) == Change::kBegins ? 1 : 0;
  EXPECT_EQ(begins, 1);
}

}  // namespace
}  // namespace edp::probe
