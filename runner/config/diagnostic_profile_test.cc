#include "runner/config/diagnostic_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/config/quantity.h"

namespace edp::config {
namespace {

using testing::HasSubstr;

const KnownNames kKnown{.collectors = {"cpu", "heap", "goroutine"},
                        .rules = {"GO-SYNCMAP-RANGE"},
                        .thresholds = {"syncmap.range_ms"}};

std::string error_of(const std::string& yaml) {
  const auto profile = parse_profile(yaml, "p.yaml", kKnown);
  return profile ? "no error" : profile.error().to_string();
}

TEST(DiagnosticProfile, ReadsEveryKey) {
  const auto profile = parse_profile(R"(
name: mine
description: words
duration: 1m
timeout: 90
gate: WARNING
collectors: [cpu, heap]
on-demand: { collectors: [goroutine], blocked-goroutines: 25 }
trace: { window: 50ms, repeats: 7, flight-recorder: /recorder }
limits: { collector-timeout: 2s, max-bytes: 1MiB, max-inflated-bytes: 1GiB }
mutex-sampling: "100"
rules: [GO-SYNCMAP-RANGE]
rules-off: [GO-SYNCMAP-RANGE]
thresholds: { syncmap.range_ms: 2.5 }
masking: [{ name: order, pattern: "ORD-([0-9]{2})[0-9]+", replace: "ORD-$1" }]
)",
                                     "p.yaml", kKnown);
  ASSERT_TRUE(profile) << profile.error().to_string();
  EXPECT_EQ(profile->name, "mine");
  EXPECT_EQ(profile->duration_seconds, 60);
  EXPECT_EQ(profile->timeout_seconds, 90);
  EXPECT_EQ(profile->gate, "WARNING");
  EXPECT_EQ(profile->collectors, (std::vector<std::string>{"cpu", "heap"}));
  EXPECT_EQ(profile->on_demand, (std::vector<std::string>{"goroutine"}));
  EXPECT_EQ(profile->on_demand_blocked, 25);
  EXPECT_EQ(profile->trace_milliseconds, 50);
  EXPECT_EQ(profile->trace_repeats, 7);
  EXPECT_EQ(profile->flight_recorder, "/recorder");
  EXPECT_EQ(profile->collector_timeout_seconds, 2);
  EXPECT_EQ(profile->max_bytes, uint64_t{1} << 20);
  EXPECT_EQ(profile->max_inflated_bytes, uint64_t{1} << 30);
  EXPECT_EQ(profile->threshold_values().get({.key = "syncmap.range_ms", .value = 1}), 2.5);
  ASSERT_EQ(profile->masking.size(), 1U);
  EXPECT_EQ(profile->masking[0].replace, "ORD-$1");
}

struct BadProfile {
  std::string name, yaml, message;
};

class BadProfiles : public testing::TestWithParam<BadProfile> {};

TEST_P(BadProfiles, AreNamedWithLineAndCause) {
  EXPECT_THAT(error_of(GetParam().yaml), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, BadProfiles,
    testing::Values(BadProfile{"UnknownKey", "collectors: [cpu]\ndurration: 3s",
                               "p.yaml: line 2: unknown key 'durration', did you mean 'duration'?"},
                    BadProfile{"UnknownCollector", "collectors: [cpu, heep]",
                               "line 1: unknown collector 'heep', did you mean 'heap'?"},
                    BadProfile{"UnknownThreshold", "collectors: [cpu]\nthresholds:\n  syncmap.range: 1",
                               "line 3: unknown threshold 'syncmap.range', did you mean 'syncmap.range_ms'?"},
                    BadProfile{"FarFromAnything", "zzzzzzzz: 1", "unknown key 'zzzzzzzz'"},
                    BadProfile{"BadDuration", "duration: 3 weeks", "'3 weeks' is not a quantity like 30s"},
                    BadProfile{"BadRecorder", "trace: { flight-recorder: debug/trace }",
                               "line 1: flight-recorder is a path"},
                    BadProfile{"BadGate", "gate: FATAL", "unknown severity 'FATAL'"},
                    BadProfile{"BadPattern", "collectors: [cpu]\nmasking: [{name: a, pattern: 'b('}]",
                               "line 2: masking pattern a: missing ): b("},
                    BadProfile{"NoPattern", "masking: [{name: a}]",
                               "a masking pattern has a name and a pattern"},
                    BadProfile{"NotYaml", "a: [", "not YAML"},
                    BadProfile{"NotAMap", "- cpu", "a profile is a map"},
                    BadProfile{"Empty", "", "a profile is a map"},
                    BadProfile{"NoCollectors", "name: x", "no collectors are named"},
                    BadProfile{"SeveralFaults", "gate: X\nduratio: 1",
                               "line 1: unknown severity 'X'; line 2: unknown key"}),
    [](const auto& test) { return test.param.name; });

TEST(DiagnosticProfile, UnknownNameListsTheBuiltInOnes) {
  const auto text = profile_text("no-such-profile");
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().to_string(), HasSubstr("local"));
}

TEST(Quantity, ReadsUnitsAndRefusesNonsense) {
  EXPECT_EQ(*parse_seconds("80ms"), 0.08);
  EXPECT_EQ(*parse_seconds("2h"), 7200);
  EXPECT_EQ(*parse_bytes("3KiB"), 3072u);
  for (const char* bad : {"", "s", "-1s", "1y", "nan", "inf", "1e400s"})
    EXPECT_FALSE(parse_seconds(bad)) << bad;
  EXPECT_EQ(*parse_count("7"), 7);
  for (const char* bad : {"", "-1", "1.5", "1000001", "7x"}) EXPECT_FALSE(parse_count(bad)) << bad;
  for (const char* bad : {"", "1MB", "-1", "1e30GiB"}) EXPECT_FALSE(parse_bytes(bad)) << bad;
}

}  // namespace
}  // namespace edp::config
