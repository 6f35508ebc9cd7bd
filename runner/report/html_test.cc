#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runner/report/report.h"
#include "runner/report/sample_report.h"
#include "runner/report/testing/sample_timeline.h"
#include "runner/report/timeline/page.h"

namespace edp::report {
namespace {

std::string page_of(const model::Report& report) { return to_html(report, to_json(report)); }

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kDataBegin = R"(<script type="application/json" id="report">)";

std::string data_of(const std::string& html) {
  const size_t begin = html.find(kDataBegin) + kDataBegin.size();
  return html.substr(begin, html.find("</script", begin) - begin);
}

size_t count_of(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(Html, HoldsTheJsonReport) {
  const model::Report report = testing::sample_report();
  EXPECT_EQ(nlohmann::json::parse(data_of(page_of(report))), nlohmann::json::parse(to_json(report)));
}

TEST(Html, HostileNamesStayData) {
  const model::Report report = testing::hostile_report();
  const std::string html = page_of(report);
  EXPECT_EQ(nlohmann::json::parse(data_of(html)), nlohmann::json::parse(to_json(report)));
  EXPECT_THAT(data_of(html), Not(HasSubstr("<")));
  const std::string clean = page_of(testing::clean_report());
  EXPECT_EQ(count_of(html, "<script"), count_of(clean, "<script"));
  EXPECT_EQ(count_of(html, "</script"), count_of(clean, "</script"));
  EXPECT_EQ(count_of(html, "<img"), count_of(clean, "<img"));
}

TEST(Html, HoldsTheTraces) {
  model::Report report = testing::clean_report();
  report.targets[0].traces.push_back(
      {.taken_at = 1,
       .artefact = "</script>.out",
       .timeline = std::make_shared<model::Timeline>(testing::sample_timeline())});
  const std::string html = page_of(report);
  const size_t begin = html.find(">", html.find("id=\"timelines\"")) + 1;
  const std::string data = html.substr(begin, html.find("</script", begin) - begin);
  EXPECT_EQ(nlohmann::json::parse(data), nlohmann::json::parse(timelines_json(report.targets)));
  EXPECT_EQ(nlohmann::json::parse(data)[0]["artefact"], "</script>.out");
}

TEST(Html, NeedsNoNetworkAndNoInlineLicence) {
  const std::string html = page_of(testing::sample_report());
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(html, Not(HasSubstr("unsafe-inline")));
  EXPECT_THAT(html, Not(HasSubstr("unsafe-eval")));
  EXPECT_EQ(count_of(html, " src="), 0U);
  EXPECT_EQ(count_of(html, "@import"), 0U);
  EXPECT_THAT(html, Not(HasSubstr("@EDP_REPORT_")));
}

TEST(Html, GivesTheVerdictWithoutScripts) {
  const std::string html = page_of(testing::sample_report());
  const size_t begin = html.find("<noscript>");
  const std::string text = html.substr(begin, html.find("</noscript>", begin) - begin);
  EXPECT_THAT(text, HasSubstr("2 critical, 1 warning, 1 info"));
  EXPECT_THAT(text, HasSubstr("/src/orders/cache/price.go:57"));
}

}  // namespace
}  // namespace edp::report
