#include "operator/watch/records.h"

#include <gtest/gtest.h>

#include <limits>

#include "operator/watch/labels.h"
#include "operator/watch/readers.h"

namespace edp::watch {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

struct QuantityCase {
  const char* text;
  std::optional<int64_t> cpu, bytes;
};

TEST(Quantity, ReadsWhatKubernetesWrites) {
  const QuantityCase cases[] = {
      {"0", 0, 0},
      {"2", 2000, 2},
      {"1500m", 1500, 2},  // bytes round up
      {"0.1", 100, 1},
      {"0.5", 500, 1},
      {".5", 500, 1},
      {"1.", 1000, 1},
      {"+1", 1000, 1},
      {"-1", -1000, -1},
      {"100u", 1, 1},
      {"1n", 1, 1},
      {"0.0001", 1, 1},
      {"0.3", 300, 1},
      {"2.675", 2675, 3},
      {"128974848", 128'974'848'000, 128'974'848},
      {"512Mi", int64_t{512} * 1024 * 1024 * 1000, int64_t{512} << 20},
      {"1Ki", 1'024'000, 1024},
      {"1.5Gi", 1'610'612'736'000, 1'610'612'736},
      {"1k", 1'000'000, 1000},
      {"3M", 3'000'000'000, 3'000'000},
      {"2G", 2'000'000'000'000, 2'000'000'000},
      {"1T", 1'000'000'000'000'000, 1'000'000'000'000},
      {"1e3", 1'000'000, 1000},
      {"1E3", 1'000'000, 1000},
      {"12e-1", 1200, 2},
      {"1E", kMost, 1'000'000'000'000'000'000},
      {"1.000000000000000000000Ei", kMost, int64_t{1} << 60},
      {"1.000000000000000000000000000001", 1001, 2},
      {"8Ei", kMost, kMost},
      {"99999999999999999999999999", kMost, kMost},
      {"1e99", kMost, kMost},
      {"1e-99", 1, 1},
      {"0e99", 0, 0},
      {"", {}, {}},
      {".", {}, {}},
      {"m", {}, {}},
      {"abc", {}, {}},
      {"1 ", {}, {}},
      {" 1", {}, {}},
      {"1K", {}, {}},
      {"1Mib", {}, {}},
      {"1e", {}, {}},
      {"1e+", {}, {}},
      {"1e1234", {}, {}},
      {"1.2.3", {}, {}},
      {"--1", {}, {}},
      {"0x10", {}, {}},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(parse_cpu(one.text), one.cpu) << one.text;
    EXPECT_EQ(parse_bytes(one.text), one.bytes) << one.text;
  }
}

TEST(Time, ReadsRfc3339) {
  const std::pair<const char*, int64_t> cases[] = {
      {"1970-01-01T00:00:01Z", 1},
      {"2025-11-03T08:15:30Z", 1'762'157'730},
      {"2025-11-03T08:15:30.123456Z", 1'762'157'730},
      {"2025-11-03T10:15:30+02:00", 1'762'157'730},
      {"2025-11-03T01:45:30-06:30", 1'762'157'730},
      {"2024-02-29T12:00:00Z", 1'709'208'000},
      {"2000-02-29T00:00:00z", 951'782'400},
      {"2038-01-19T03:14:08Z", 2'147'483'648},
      {"1969-12-31T23:59:59Z", -1},
      {"2023-02-29T12:00:00Z", 0},
      {"1900-02-29T12:00:00Z", 0},
      {"2025-13-01T00:00:00Z", 0},
      {"2025-04-31T00:00:00Z", 0},
      {"2025-11-03T24:00:00Z", 0},
      {"2025-11-03T08:60:00Z", 0},
      {"2025-11-03 08:15:30Z", 0},
      {"2025-11-03T08:15:30", 0},
      {"2025-11-03T08:15:30.Z", 0},
      {"2025-11-03T08:15:30Zx", 0},
      {"2025-11-03T08:15:30+0200", 0},
      {"2025-11-03", 0},
      {"", 0},
  };
  for (const auto& [text, seconds] : cases) EXPECT_EQ(parse_time(text), seconds) << text;
}

TEST(Time, WritesWhatItReads) {
  EXPECT_EQ(format_time(1'762'157'730), "2025-11-03T08:15:30Z");
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_time(kMost), "9999-12-31T23:59:59Z");
  EXPECT_EQ(format_time(std::numeric_limits<int64_t>::min()), "0000-01-01T00:00:00Z");
  // Every day of 400 years, at odd times of the day.
  for (int64_t day = -73'000; day < 73'000; ++day) {
    const int64_t seconds = day * 86'400 + (day * 7919 % 86'400 + 86'400) % 86'400;
    if (seconds == 0) continue;  // 0 stands for "no time"
    ASSERT_EQ(parse_time(format_time(seconds)), seconds) << format_time(seconds);
  }
}

TEST(Duration, ReadsGoDurations) {
  const std::pair<const char*, std::optional<double>> cases[] = {
      {"20s", 20},    {"2m", 120}, {"1h", 3600}, {"1h30m", 5400}, {"500ms", 0.5},
      {"1.5h", 5400}, {"0s", 0},   {"0", 0},     {"24h", 86'400}, {"1h2m3s", 3723},
      {"", {}},       {"20", {}},  {"s", {}},    {"20x", {}},     {"1h30", {}},
      {"-1s", {}},    {"1 s", {}}, {".s", {}},   {"1.2.3s", {}},
  };
  for (const auto& [text, seconds] : cases) {
    const auto read = parse_duration(text);
    ASSERT_EQ(read.has_value(), seconds.has_value()) << text;
    if (read) {
      EXPECT_DOUBLE_EQ(*read, *seconds) << text;
    }
  }
}

Labels labels(std::initializer_list<std::pair<const char*, const char*>> all) {
  Labels made;
  for (const auto& [key, value] : all) made.emplace_back(Symbol(key), Symbol(value));
  return *share_labels(std::move(made));
}

TEST(Label, FindsAValue) {
  const Labels some = labels({{"tier", "web"}, {"app", "checkout"}, {"empty", ""}, {"app", "twice"}});
  EXPECT_EQ(some.size(), 3U);
  EXPECT_EQ(label(some, "app"), "twice");
  EXPECT_EQ(label(some, "tier"), "web");
  EXPECT_EQ(label(some, "empty"), "");
  EXPECT_EQ(label(some, "none"), "");
  EXPECT_EQ(label({}, "app"), "");
}

TEST(Label, KeepsEqualSetsOnce) {
  const auto make = [](const char* app) {
    return share_labels(Labels{{Symbol("app"), Symbol(app)}, {Symbol("a"), Symbol("b")}});
  };
  const auto one = make("shared-set");
  EXPECT_EQ(one, make("shared-set"));
  EXPECT_NE(one, make("other-set"));
  EXPECT_EQ(share_labels({}), no_labels());
  // Sets of pods that are gone are forgotten.
  const size_t before = Symbol::count();
  for (int i = 0; i < 5000; ++i) make(("passing-" + std::to_string(i)).c_str());
  EXPECT_LE(Symbol::count(), before + 2);
}

TEST(Selector, MatchesAsKubernetesDoes) {
  using Op = SelectorTerm::Op;
  const Labels some = labels({{"app", "checkout"}, {"tier", "web"}, {"empty", ""}});
  struct Case {
    const char* name;
    std::vector<SelectorTerm> terms;
    bool matches;
  };
  const Case cases[] = {
      {"no terms match all", {}, true},
      {"equal", {{"app", Op::kIn, {"checkout"}}}, true},
      {"one of", {{"app", Op::kIn, {"cart", "checkout"}}}, true},
      {"none of", {{"app", Op::kIn, {"cart"}}}, false},
      {"in, key missing", {{"zone", Op::kIn, {""}}}, false},
      {"in, empty value there", {{"empty", Op::kIn, {""}}}, true},
      {"in nothing", {{"app", Op::kIn, {}}}, false},
      {"not in, other value", {{"app", Op::kNotIn, {"cart"}}}, true},
      {"not in, same value", {{"app", Op::kNotIn, {"checkout"}}}, false},
      {"not in, key missing", {{"zone", Op::kNotIn, {"a"}}}, true},
      {"exists", {{"empty", Op::kExists, {}}}, true},
      {"exists not", {{"zone", Op::kExists, {}}}, false},
      {"absent", {{"zone", Op::kDoesNotExist, {}}}, true},
      {"not absent", {{"app", Op::kDoesNotExist, {}}}, false},
      {"all terms", {{"app", Op::kIn, {"checkout"}}, {"tier", Op::kExists, {}}}, true},
      {"one term fails", {{"app", Op::kIn, {"checkout"}}, {"tier", Op::kIn, {"db"}}}, false},
  };
  for (const auto& one : cases) EXPECT_EQ((Selector{one.terms}.matches(some)), one.matches) << one.name;
}

}  // namespace
}  // namespace edp::watch
