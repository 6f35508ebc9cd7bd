#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/files.h"
#include "common/validation/statement.h"
#include "common/validation/verdict.h"

namespace edp::validation {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr const char* kFunction = "main.(*PriceCache).Put";

Json sample() {
  const auto text = read_file(std::string(EDP_SOURCE_DIR) + "/runner/report/testdata/sample.json", 1 << 26);
  return Json::parse(*text);
}
Reading read(const Json& json) {
  auto reading = read_report(json.dump());
  EXPECT_TRUE(reading) << reading.error().to_string();
  return std::move(*reading);
}
Fault fault() {
  const Reading reading = read(sample());
  return {.rule = "GO-SYNCMAP-WRITE-HEAVY",
          .fingerprint = "6f1c0b7a52d94e10",
          .function = kFunction,
          .load = load_of(reading, kFunction)};
}
Json fixed() {
  Json json = sample();
  json["findings"] = Json::array();
  for (Json& rule : json["rules"]) {
    if (rule["rule"] == "GO-SYNCMAP-WRITE-HEAVY") rule["status"] = "clean";
  }
  return json;
}
void scale(Json& json, const char* kind, double by) {
  for (Json& profile : json["targets"][0]["profiles"]) {
    if (profile["kind"] != kind) continue;
    for (Json& type : profile["sample_types"])
      type["total"] = static_cast<int64_t>(type["total"].get<double>() * by);
    for (Json& row : profile["functions"]) {
      for (Json& value : row["cum"]) value = static_cast<int64_t>(value.get<double>() * by);
    }
  }
}

TEST(Validation, LoadIsWhatHappensElsewhere) {
  const Load load = load_of(read(sample()), kFunction);
  // 17.6 s of CPU in 10 s, less 9.18 s in Put and what the runtime's own goroutines took.
  const Load all = load_of(read(sample()), "");
  EXPECT_NEAR(all.cpu - load.cpu, 0.918, 1e-9);
  EXPECT_GT(load.cpu, 0.3);
  EXPECT_GT(load.allocs, 0);
  EXPECT_GT(load.cpu_samples, kLeastSamples);
}

TEST(Validation, GoneNeedsComparableLoad) {
  Json json = fixed();
  const Judged gone = judge(fault(), {read(json)});
  EXPECT_EQ(gone.verdict, Verdict::kGone) << gone.message;
  scale(json, "cpu", 0.5);
  const Judged idle = judge(fault(), {read(json)});
  EXPECT_EQ(idle.verdict, Verdict::kCannotTell);
  EXPECT_EQ(idle.reason, "LoadNotComparable");
  EXPECT_THAT(idle.message, HasSubstr("load not comparable: then "));
  json = fixed();
  scale(json, "cpu", 3);
  EXPECT_EQ(judge(fault(), {read(json)}).verdict, Verdict::kGone) << "more load is more proof";
}

TEST(Validation, APresentFindingIsStillThere) {
  const Judged judged = judge(fault(), {read(fixed()), read(sample())});
  EXPECT_EQ(judged.verdict, Verdict::kStillThere);
}

TEST(Validation, ARuleThatWasNotJudgedIsNeverGone) {
  for (const char* status : {"cannot_tell", "not_applicable", ""}) {
    Json json = fixed();
    for (Json& rule : json["rules"]) {
      if (rule["rule"] == "GO-SYNCMAP-WRITE-HEAVY") rule["status"] = status;
    }
    const Judged judged = judge(fault(), {read(json)});
    EXPECT_EQ(judged.verdict, Verdict::kCannotTell);
    EXPECT_EQ(judged.reason, "RuleNotJudged") << status;
  }
}

TEST(Validation, AFaultThatMovedIsNotGone) {
  Json json = fixed();
  json["findings"].push_back(sample()["findings"][0]);
  json["findings"][0]["fingerprint"] = "ffff";
  EXPECT_EQ(judge(fault(), {read(json)}).reason, "FaultMayHaveMoved");
  EXPECT_EQ(judge(fault(), {read(json)}, {"ffff"}).verdict, Verdict::kGone)
      << "that one has a ticket of its own";
}

TEST(Validation, WithoutFiguresNothingIsComparable) {
  Json json = fixed();
  json["targets"][0]["profiles"] = Json::array();
  EXPECT_THAT(judge(fault(), {read(json)}).message, HasSubstr("can't be compared"));
  EXPECT_EQ(judge(fault(), {}).reason, "NoReport");
  EXPECT_FALSE(read_report("{}"));
  EXPECT_FALSE(read_report(std::string(100'000, '[')));
}

TEST(Validation, StatementsVerifyAsTheyWereSigned) {
  const auto key = ed25519::PrivateKey::generate();
  ASSERT_TRUE(key) << key.error().to_string();
  const Statement statement{.ticket = "shop/x",
                            .key = "OPS-1",
                            .fingerprint = "f",
                            .workload = "shop/Deployment/x",
                            .run = "u",
                            .digest = "sha256:ab",
                            .verdict = "Gone",
                            .message = "m",
                            .began = 5,
                            .time = 9};
  const auto json = sign(*key, statement);
  ASSERT_TRUE(json);
  const auto back = verify(key->public_key(), *json);
  ASSERT_TRUE(back) << back.error().to_string();
  EXPECT_EQ(*back, statement);
  Json changed = Json::parse(*json);
  for (const char* field :
       {"ticket", "fingerprint", "workload", "run", "digest", "verdict", "message", "key"}) {
    Json one = changed;
    one["payload"][field] = "other";
    EXPECT_FALSE(verify(key->public_key(), one.dump())) << field;
  }
  const auto other = ed25519::PrivateKey::generate();
  ASSERT_TRUE(other);
  EXPECT_THAT(verify(other->public_key(), *json).error().what, HasSubstr("another key"));
  EXPECT_FALSE(verify(key->public_key(), "{}"));
  EXPECT_FALSE(verify(key->public_key(), ""));
}

}  // namespace
}  // namespace edp::validation
