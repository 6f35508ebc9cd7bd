#include "operator/serve/upload_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "common/files.h"
#include "operator/serve/testing/gzip.h"

namespace edp::serve {
namespace {

using testing::gzip;

class Kept final : public ReportWriter {
 public:
  StoreResult<void> write(std::string_view bytes) override {
    if (fails && text.size() + bytes.size() > 5) {
      return tl::unexpected(StoreError{StoreErrorKind::kDiskFull, Error{"no space left", "/x", {}}});
    }
    text += bytes;
    return {};
  }
  [[nodiscard]] uint64_t bytes() const override { return text.size(); }
  std::string digest() override { return "sha256:" + sha256_hex(text); }
  StoreResult<ReportRef> commit(const ReportKey&, int, int64_t) override { return ReportRef{}; }
  std::string text;
  bool fails = false;
};

struct Case {
  std::string name, body;
  int status = 0;
  std::string reason, stored;
  ReportFile file = ReportFile::kJson;
  bool packed = false;
};
const std::string kReport = R"({"schema":"edp.report/v1","findings":[]})";

class Bodies : public ::testing::TestWithParam<Case> {};
TEST_P(Bodies, AreJudgedOnTheirWay) {
  const Case& one = GetParam();
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{100'000}}) {
    Kept kept;
    UploadBody body(kept, one.file, one.packed, 1000);
    bool good = true;
    for (size_t at = 0; at < one.body.size() && good; at += piece)
      good = body.feed(std::string_view(one.body).substr(at, piece));
    good = good && body.finish();
    EXPECT_EQ(good, one.status == 0);
    if (good) {
      EXPECT_EQ(kept.text, one.stored.empty() ? one.body : one.stored);
    } else {
      ASSERT_TRUE(body.fault().has_value());
      EXPECT_EQ(body.fault()->status, one.status);
      EXPECT_EQ(body.fault()->reason, one.reason);
      EXPECT_FALSE(body.feed("more"));
      EXPECT_FALSE(body.finish());
    }
    EXPECT_LE(kept.text.size(), 1000U);
  }
}
std::string padded(size_t size) {
  std::string text = kReport;
  text.insert(text.size() - 1, size - text.size(), ' ');
  return text;
}
INSTANTIATE_TEST_SUITE_P(
    All, Bodies,
    ::testing::Values(
        Case{"report", kReport}, Case{"longest", padded(1000)},
        Case{"too_long", padded(1001), 413, "TooLarge"}, Case{"empty", "", 422, "NotAReport"},
        Case{"no_json", "hello", 422, "NotAReport"},
        Case{"other_schema", R"({"schema":"edp.summary/v1"})", 422, "NotAReport"},
        Case{"no_schema", "{}", 422, "NotAReport"}, Case{"cut", kReport.substr(0, 20), 422, "NotAReport"},
        Case{"deep", R"({"schema":"edp.report/v1","a":)" + std::string(70, '['), 422, "NotAReport"},
        Case{"packed", gzip(kReport), 0, "", kReport, ReportFile::kJson, true},
        Case{"packed_bomb", gzip(padded(50'000'000)), 413, "TooLarge", "", ReportFile::kJson, true},
        Case{"packed_cut", gzip(kReport).substr(0, 30), 422, "NotGzip", "", ReportFile::kJson, true},
        Case{"packed_and_more", gzip(kReport) + "x", 422, "NotGzip", "", ReportFile::kJson, true},
        Case{"packed_twice", gzip(gzip(kReport)), 422, "NotAReport", "", ReportFile::kJson, true},
        Case{"not_packed", kReport, 422, "NotGzip", "", ReportFile::kJson, true},
        Case{"packed_nothing", "", 422, "NotGzip", "", ReportFile::kJson, true},
        Case{"page", "<!DOCTYPE html><html></html>", 0, "", "", ReportFile::kHtml},
        Case{"page_with_mark", "\xef\xbb\xbf \n<!doctype HTML>" + std::string(200, 'x'), 0, "", "",
             ReportFile::kHtml},
        Case{"page_packed", gzip("<html>" + std::string(500, 'x')), 0, "", "<html>" + std::string(500, 'x'),
             ReportFile::kHtml, true},
        Case{"no_page", kReport, 422, "NotAReport", "", ReportFile::kHtml},
        Case{"script", "<script>" + std::string(100, 'x'), 422, "NotAReport", "", ReportFile::kHtml},
        Case{"page_too_long", "<html>" + std::string(1000, 'x'), 413, "TooLarge", "", ReportFile::kHtml}),
    [](const auto& test) { return test.param.name; });

TEST(UploadBody, SaysThatTheStoreIsFull) {
  Kept kept;
  kept.fails = true;
  UploadBody body(kept, ReportFile::kJson, false, 1000);
  EXPECT_FALSE(body.feed(kReport));
  ASSERT_TRUE(body.fault().has_value());
  EXPECT_EQ(body.fault()->status, 507);
  EXPECT_EQ(body.fault()->reason, "DiskFull");
  EXPECT_EQ(body.fault()->message.find("/x"), std::string::npos);  // for the log only
  EXPECT_NE(body.fault()->detail.find("/x"), std::string::npos);
}

}  // namespace
}  // namespace edp::serve
