#include "runner/upload/summary.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "common/files.h"
#include "common/testing/temp_dir.h"

namespace edp::upload {
namespace {

using nlohmann::json;

Summary with_findings(size_t count, const std::string& text) {
  Summary summary{
      .exit_status = 2, .critical = count, .digest = "sha256:" + std::string(64, 'a'), .uploaded = true};
  for (size_t i = 0; i < count; ++i)
    summary.worst.push_back({"GO-A-RULE", "CRITICAL", text, text, "0123456789abcdef"});
  return summary;
}

struct Case {
  const char* name;
  Summary summary;
  size_t worst;  // that must be kept
};

class AnySummary : public ::testing::TestWithParam<Case> {};

TEST_P(AnySummary, IsValidJsonThatFits) {
  const std::string text = to_json(GetParam().summary);
  EXPECT_LE(text.size(), kMaxSummary);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const json parsed = json::parse(text);
  EXPECT_EQ(parsed.at("schema"), "edp.summary/v1");
  EXPECT_EQ(parsed.at("exit_status"), GetParam().summary.exit_status);
  EXPECT_EQ(parsed.at("critical"), GetParam().summary.critical);
  EXPECT_EQ(parsed.at("digest"), GetParam().summary.digest);
  EXPECT_EQ(parsed.at("uploaded"), GetParam().summary.uploaded);
  EXPECT_EQ(parsed.at("worst").size(), GetParam().worst);
  EXPECT_EQ(parsed.at("error").get<std::string>().empty(), GetParam().summary.error.empty());
}

// "\x01" becomes six bytes in JSON unless it is made harmless before; a CJK character has three bytes for two
// columns.
INSTANTIATE_TEST_SUITE_P(
    Sizes, AnySummary,
    ::testing::Values(Case{"Empty", {}, 0}, Case{"Usual", with_findings(2, "Cache.Put writes much"), 2},
                      Case{"MoreThanFive", with_findings(9, "x"), 5},
                      Case{"LongTexts", with_findings(5, std::string(5000, 'x')), 5},
                      Case{"Quotes", with_findings(5, std::string(5000, '"')), 5},
                      Case{"Backslashes", with_findings(5, std::string(5000, '\\')), 5},
                      Case{"ControlCharacters", with_findings(5, std::string(5000, '\x01')), 5},
                      Case{"WideCharacters",
                           with_findings(5,
                                         [] {
                                           std::string text;
                                           for (int i = 0; i < 2000; ++i) text += "\xe5\x9b\xbe";
                                           return text;
                                         }()),
                           5},
                      Case{"BrokenUtf8", with_findings(5, std::string(5000, '\xff')), 5},
                      Case{"CombiningMarks",
                           with_findings(5,
                                         [] {
                                           std::string text;
                                           for (int i = 0; i < 5000; ++i)
                                             text += "\xcc\x81";  // no column each
                                           return text;
                                         }()),
                           0},
                      Case{"LongError", {.exit_status = 1, .error = std::string(100'000, 'e')}, 0}),
    [](const auto& given) { return given.param.name; });

TEST(SummaryTest, CutsTextsBeforeItDropsFindings) {
  const json parsed = json::parse(to_json(with_findings(5, std::string(5000, 'x'))));
  for (const json& finding : parsed.at("worst")) {
    EXPECT_GE(finding.at("title").get<std::string>().size(), 60U);
    EXPECT_EQ(finding.at("fingerprint"), "0123456789abcdef");
  }
}

model::Finding finding(model::Severity severity, const std::string& title) {
  return {.rule = "GO-RULE",
          .severity = severity,
          .title = title,
          .location = {.function = "main.Put", .file = "/src/cache.go", .line = 42},
          .fingerprint = "f"};
}

TEST(SummaryTest, TakesCountsAndTheWorstFromTheReport) {
  model::Report report;
  report.exit_status = 2;
  using enum model::Severity;
  for (int i = 0; i < 6; ++i) report.findings.push_back(finding(kInfo, "info"));
  report.findings.push_back(finding(kCritical, "worst"));
  report.findings.push_back(finding(kWarning, "second"));
  const Summary summary = summarize(report);
  EXPECT_EQ(summary.critical, 1U);
  EXPECT_EQ(summary.warning, 1U);
  EXPECT_EQ(summary.info, 6U);
  ASSERT_EQ(summary.worst.size(), 5U);
  EXPECT_EQ(summary.worst[0].title, "worst");
  EXPECT_EQ(summary.worst[0].severity, "CRITICAL");
  EXPECT_EQ(summary.worst[0].location, "main.Put /src/cache.go:42");
  EXPECT_EQ(summary.worst[1].title, "second");
  EXPECT_EQ(summary.error, "");
}

TEST(SummaryTest, NamesTheFirstCauseWhereNothingCouldBeJudged) {
  model::Report report;
  report.exit_status = 3;
  report.collectors.push_back({.collector = "trace", .outcome = "absent"});
  report.collectors.push_back({.collector = "cpu", .outcome = "failed", .message = "connection refused"});
  report.collectors.push_back({.collector = "heap", .outcome = "failed", .message = "other"});
  EXPECT_EQ(summarize(report).error, "cpu failed: connection refused");
  report.collectors.clear();
  report.cancelled = true;
  EXPECT_EQ(summarize(report).error, "cancelled before anything was collected");
}

// As the kubelet mounts /dev/termination-log: a file in a folder that takes no others.
TEST(WriteInPlaceTest, NeedsNoRightInTheFolder) {
  const testing::TempDir folder;
  const std::string path = (folder.path() / "termination-log").string();
  ASSERT_TRUE(write_in_place(path, "a longer text from before"));
  struct stat before{};
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0555), 0);
  ASSERT_TRUE(write_in_place(path, "short"));
  struct stat after{};
  ASSERT_EQ(::stat(path.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino) << "the mount would be lost by a new file";
  EXPECT_EQ(read_file(path, 100).value(), "short");
  ::chmod(folder.path().c_str(), 0755);
}

TEST(WriteInPlaceTest, SaysWhyNot) {
  const auto written = write_in_place("/no-such-folder/x", "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().to_string(), "/no-such-folder/x: cannot be written: No such file or directory");
  EXPECT_FALSE(write_in_place("/dev/full", "x"));
}

}  // namespace
}  // namespace edp::upload
