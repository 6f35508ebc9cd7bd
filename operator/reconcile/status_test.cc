#include "operator/reconcile/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace edp::reconcile {
namespace {

using nlohmann::json;
using ::testing::EndsWith;
using ::testing::SizeIs;

watch::RunStatus status(size_t targets) {
  watch::RunStatus of{.observed_generation = 3, .matched = static_cast<int32_t>(targets)};
  for (const char* type : {"Accepted", "Admitted", "Running", "Succeeded"}) {
    set_condition(of, {.type = type, .status = "True", .reason = "Because", .message = "so it is"}, 1000);
  }
  of.verdict = "2 CRITICAL, 1 WARNING";
  of.gate_result = "Failed";
  of.started = 1000;
  of.completed = 1100;
  of.report_url = "https://edp-reports.diagnostic-system.svc:8443/api/v1/runs/shop/why-slow";
  for (int i = 0; i < 5; ++i) {
    of.worst.push_back({"GO-SYNCMAP-WRITE-HEAVY", "CRITICAL", "sync.Map is written more than it is read",
                        "main.(*cache).put cache.go:17", "checkout-7d4b9f6c5-x2x9z", "0123456789abcdef"});
  }
  for (size_t i = 0; i < targets; ++i) {
    of.targets.push_back({.pod = "checkout-7d4b9f6c5-x2x" + std::to_string(10 + i),
                          .uid = "5f0c1a52-5cbe-4f7e-9d0b-0a1b2c3d4e5f",
                          .phase = "Succeeded",
                          .attempt = 1,
                          .critical = 2,
                          .warning = 1,
                          .exit_status = 2,
                          .digest = "sha256:" + std::string(64, 'a')});
  }
  return of;
}

TEST(Status, AnOrdinaryOneIsNotCut) {
  for (const size_t targets : {1, 5, 12}) {
    watch::RunStatus of = status(targets);
    const watch::RunStatus before = of;
    fit_status(of);
    EXPECT_EQ(of, before) << targets;
    EXPECT_LE(status_text(of).size(), kMaxStatusBytes);
  }
}

TEST(Status, TwentyFourTargetsFitWithoutTheirDigests) {
  watch::RunStatus of = status(24);
  fit_status(of);
  EXPECT_LE(status_text(of).size(), kMaxStatusBytes);
  EXPECT_THAT(of.targets, SizeIs(24));
  EXPECT_THAT(of.worst, SizeIs(5));
  EXPECT_EQ(of.targets[7].digest, "");
  EXPECT_EQ(of.targets[7].critical, 2);
  EXPECT_THAT(find_condition(of, "Accepted")->message, EndsWith("with the report service."));
}

TEST(Status, CutTextsSaySo) {
  watch::RunStatus of = status(1);
  of.targets[0].message = std::string(5000, 'x');
  of.worst[0].title = std::string(500, 't');
  set_condition(of, {.type = "Failed", .status = "True", .reason = "R", .message = std::string(3000, 'm')},
                1);
  fit_status(of);
  EXPECT_THAT(of.targets[0].message, EndsWith("..."));
  EXPECT_THAT(of.worst[0].title, EndsWith("..."));
  EXPECT_THAT(find_condition(of, "Failed")->message, EndsWith("..."));
  EXPECT_GT(of.targets[0].message.size(), 100U);
}

TEST(Status, CutsBetweenCharactersAndCountsEscapes) {
  watch::RunStatus of = status(1);
  std::string umlauts, quotes;
  for (int i = 0; i < 400; ++i) umlauts += "\u00fc";
  for (int i = 0; i < 400; ++i) quotes += "\"";
  of.worst[0].title = umlauts;
  of.worst[1].title = quotes;
  fit_status(of);
  EXPECT_NO_THROW(json(of.worst[0].title).dump());  // throws at broken UTF-8
  EXPECT_LE(json(of.worst[1].title).dump().size(), 92U);
}

// Whatever it is fed, the bound holds, and what was cut once stays as it is.
TEST(Status, AlwaysFitsAndFitsOnlyOnce) {
  std::mt19937 random(11);
  const auto text = [&](size_t most) {
    std::string of;
    const size_t size = random() % (most + 1);
    const std::string_view alphabet = random() % 2 == 0 ? "abcdefgh" : "\"\\\n\x01\xc3\xbc ";
    while (of.size() < size) of += alphabet[random() % alphabet.size()];
    return of;
  };
  for (int round = 0; round < 300; ++round) {
    watch::RunStatus of;
    for (const char* type : {"Accepted", "Admitted", "Running", "Succeeded", "Failed"}) {
      set_condition(of, {.type = type, .status = "False", .reason = text(60), .message = text(2000)}, 1);
    }
    of.verdict = text(300);
    of.report_url = text(1000);
    const size_t targets = random() % 25;
    for (size_t i = 0; i < targets; ++i) {
      of.targets.push_back({.pod = std::string(1 + random() % 253, 'p'),
                            .uid = std::string(36, 'u'),
                            .phase = "Succeeded",
                            .reason = text(60),
                            .message = text(1500),
                            .attempt = 3,
                            .critical = 99,
                            .warning = 99,
                            .info = 99,
                            .exit_status = 1,
                            .digest = random() % 2 == 0 ? "sha256:" + std::string(64, 'd') : ""});
    }
    for (size_t i = 0; i < random() % 7; ++i) {
      of.worst.push_back({text(100), "CRITICAL", text(600), text(600), text(253), text(100)});
    }
    fit_status(of);
    ASSERT_LE(status_text(of).size(), kMaxStatusBytes) << round;
    const watch::RunStatus once = of;
    fit_status(of);
    ASSERT_TRUE(of == once) << round;
  }
}

TEST(Status, AsManyTargetsAsFitAreChosen) {
  const std::string usual(28, 'n'), longest(253, 'n');
  EXPECT_EQ(most_targets(std::vector<std::string_view>(24, usual)), 24U);
  const size_t fewer = most_targets(std::vector<std::string_view>(24, longest));
  EXPECT_GE(fewer, 8U);
  EXPECT_LT(fewer, 24U);
  EXPECT_EQ(most_targets({}), 0U);
}

TEST(Status, ThePatchTakesBackWhatIsNoMore) {
  const json patch = json::parse(status_json({.observed_generation = 1}, "42"));
  EXPECT_EQ(patch["metadata"]["resourceVersion"], "42");
  for (const char* gone : {"verdict", "gate", "worst", "targets", "report", "startTime", "completionTime"}) {
    EXPECT_TRUE(patch["status"].contains(gone) && patch["status"][gone].is_null()) << gone;
  }
  EXPECT_FALSE(json::parse(status_json({}, "")).contains("metadata"));
}

TEST(Status, ThePatchHasTheFieldsOfTheSchema) {
  const json of = json::parse(status_json(status(1), "1"))["status"];
  EXPECT_EQ(of["observedGeneration"], 3);
  EXPECT_EQ(of["conditions"][0], (json{{"type", "Accepted"},
                                       {"status", "True"},
                                       {"reason", "Because"},
                                       {"message", "so it is"},
                                       {"lastTransitionTime", "1970-01-01T00:16:40Z"},
                                       {"observedGeneration", 0}}));
  EXPECT_EQ(of["targetCounts"]["matched"], 1);
  EXPECT_EQ(of["targets"][0]["findings"], (json{{"critical", 2}, {"warning", 1}}));
  EXPECT_EQ(of["targets"][0]["exitStatus"], 2);
  EXPECT_EQ(of["worst"][0]["rule"], "GO-SYNCMAP-WRITE-HEAVY");
  EXPECT_EQ(of["gate"], "Failed");
  EXPECT_EQ(of["startTime"], "1970-01-01T00:16:40Z");
}

TEST(Status, AConditionsTimeMovesWithItsStatusOnly) {
  watch::RunStatus of;
  set_condition(of, {.type = "Running", .status = "False", .reason = "Waiting"}, 100);
  set_condition(of, {.type = "Running", .status = "False", .reason = "Suspended"}, 200);
  EXPECT_EQ(find_condition(of, "Running")->transition, 100);
  EXPECT_EQ(find_condition(of, "Running")->reason, "Suspended");
  set_condition(of, {.type = "Running", .status = "True"}, 300);
  EXPECT_EQ(find_condition(of, "Running")->transition, 300);
  EXPECT_TRUE(is_true(of, "Running"));
  EXPECT_FALSE(is_true(of, "Failed"));
}

}  // namespace
}  // namespace edp::reconcile
