#include "runner/kubectl/run_view.h"

#include <gtest/gtest.h>

namespace edp::kubectl {
namespace {

using State = RunView::State;

struct Case {
  const char* name;
  const char* status;  // JSON of the status
  State state;
  const char* shown;
  int exit;  // as far as it is known by then
  const char* gate = "";
};
class Status : public ::testing::TestWithParam<Case> {};

TEST_P(Status, IsReadForPeopleAndPipelines) {
  Json run = {{"metadata", {{"name", "x"}, {"namespace", "shop"}}}, {"spec", {{"target", {{"pod", "p"}}}}}};
  if (*GetParam().gate != '\0') run["spec"]["gate"] = GetParam().gate;
  run["status"] = Json::parse(GetParam().status);
  const RunView view = read_run(run);
  EXPECT_EQ(view.state, GetParam().state);
  EXPECT_EQ(state_text(view), GetParam().shown);
  EXPECT_EQ(exit_status(view), GetParam().exit);
}

INSTANTIATE_TEST_SUITE_P(
    Conditions, Status,
    ::testing::Values(
        Case{"None", "null", State::kPending, "Pending", 3},
        Case{"Accepted", R"({"conditions":[{"type":"Accepted","status":"True"}]})", State::kAccepted,
             "Accepted", 3},
        Case{"Waiting",
             R"({"conditions":[{"type":"Accepted","status":"True"},{"type":"Admitted","status":"False"}]})",
             State::kWaiting, "Waiting", 3},
        Case{
            "Running",
            R"({"conditions":[{"type":"Running","status":"True"}],"targetCounts":{"matched":5,"succeeded":1,"failed":1}})",
            State::kRunning, "Running 2/5", 3},
        Case{"RunningWithACritical",
             R"({"conditions":[{"type":"Running","status":"True"}],"findings":{"critical":1}})",
             State::kRunning, "Running 0/0", 2},
        Case{"RunningWithAWarningAtTheGate",
             R"({"conditions":[{"type":"Running","status":"True"}],"findings":{"warning":1}})",
             State::kRunning, "Running 0/0", 2, "WARNING"},
        Case{"RunningWithAWarningBelowTheGate",
             R"({"conditions":[{"type":"Running","status":"True"}],"findings":{"warning":1}})",
             State::kRunning, "Running 0/0", 3, "CRITICAL"},
        Case{
            "Passed",
            R"({"conditions":[{"type":"Running","status":"False"},{"type":"Succeeded","status":"True"}],"gate":"Passed"})",
            State::kSucceeded, "Succeeded", 0},
        Case{"GateFailed", R"({"conditions":[{"type":"Succeeded","status":"True"}],"gate":"Failed"})",
             State::kSucceeded, "Succeeded", 2},
        Case{"SomeFailedOneAtTheGate",
             R"({"conditions":[{"type":"Failed","status":"True","reason":"TargetGone"}],"gate":"Failed"})",
             State::kFailed, "Failed (TargetGone)", 2},
        Case{"SomeFailedNoneAtTheGate",
             R"({"conditions":[{"type":"Failed","status":"True","reason":"TargetGone"}],"gate":"Passed"})",
             State::kFailed, "Failed (TargetGone)", 3},
        Case{"UnknownProfile",
             R"({"conditions":[{"type":"Failed","status":"True","reason":"UnknownProfile"}]})",
             State::kFailed, "Failed (UnknownProfile)", 1},
        Case{"FailedWithoutReason", R"({"conditions":[{"type":"Failed","status":"True"}]})", State::kFailed,
             "Failed", 3},
        Case{"OtherTypes",
             R"({"conditions":"x","targetCounts":[],"targets":{"a":1},"worst":7,"findings":null})",
             State::kPending, "Pending", 3}),
    [](const auto& given) { return given.param.name; });

TEST(RunViewTest, ShowsEveryKindOfTarget) {
  const auto target = [](const char* json) {
    return read_run({{"spec", {{"target", Json::parse(json)}}}}).target;
  };
  EXPECT_EQ(target(R"({"pod":"p"})"), "pod/p");
  EXPECT_EQ(target(R"({"workload":{"kind":"StatefulSet","name":"db"}})"), "sts/db");
  EXPECT_EQ(
      target(
          R"({"selector":{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"c","operator":"Exists"}]}})"),
      "a=b,c Exists");
  EXPECT_EQ(target("{}"), "");
}

TEST(RunViewTest, ClosingLinesNameWhatFailed) {
  const RunView view = read_run(Json::parse(R"({"metadata":{"name":"x","namespace":"shop"},"status":{
      "conditions":[{"type":"Failed","status":"True","reason":"TargetGone","message":"1 of 2 targets failed"}],
      "verdict":"1 WARNING","gate":"Passed",
      "targets":[{"pod":"a","phase":"Succeeded"},{"pod":"b","phase":"Failed","reason":"TargetGone","message":"deleted"}],
      "worst":[{"severity":"WARNING","title":"slow","location":"main.go:1","pod":"a"}]}})"));
  EXPECT_EQ(verdict_text(view),
            "shop/x: Failed (TargetGone), 1 WARNING; gate Passed\n"
            "  1 of 2 targets failed\n"
            "  b: TargetGone: deleted\n"
            "  WARNING  slow\n"
            "           main.go:1  in a\n");
}

}  // namespace
}  // namespace edp::kubectl
