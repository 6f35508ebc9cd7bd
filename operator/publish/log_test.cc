#include "operator/publish/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace edp::publish::log {
namespace {

struct Secret {
  const char* name;
  const char* text;
  const char* redacted;
};
class Redact : public ::testing::TestWithParam<Secret> {};
TEST_P(Redact, StrikesOut) { EXPECT_EQ(redact(GetParam().text), GetParam().redacted); }
INSTANTIATE_TEST_SUITE_P(
    Texts, Redact,
    ::testing::Values(
        Secret{"Nothing", "run shop/x admitted: 3 waiting", "run shop/x admitted: 3 waiting"},
        Secret{"Header", "Authorization: Bearer abcdef0123456789 sent", "Authorization: Bearer *** sent"},
        Secret{"Lower", "authorization: bearer abcdef0123456789", "authorization: bearer ***"},
        Secret{"Basic", "Basic dXNlcjpwYXNzd29yZA==", "Basic ***"},
        Secret{"Words", "the bearer token is old", "the bearer token is old"},
        Secret{"Jwt", "token eyJhbGciOi.eyJpc3MiOiJr.c2lnbmF0dXJl here", "token *** here"},
        Secret{"JwtInQuotes", R"({"token":"eyJhbGciOi.eyJpc3MiOiJr.c2lnbmF0dXJl"})", R"({"token":"***"})"},
        Secret{"NoJwt", "eyJust a word", "eyJust a word"},
        Secret{"Url", "https://user:secret@host/path?x=a@b", "https://user:***@host/path?x=a@b"},
        Secret{"UrlToken", "GET https://ghp_abc@host", "GET https://***@host"},
        Secret{"UrlAtInPassword", "https://u:p@ss@host:80/", "https://u:***@host:80/"},
        Secret{"UrlPlain", "https://host/a@b", "https://host/a@b"}, Secret{"End", "Bearer ", "Bearer "},
        Secret{"Empty", "", ""}),
    [](const auto& of) { return std::string(of.param.name); });

TEST(Log, JsonLine) {
  EXPECT_EQ(
      format_json(1'790'000'000'007, Level::kInfo, "run admitted", {{"run", "shop/x"}, {"waiting", 3}}),
      R"({"time":"2026-09-21T14:13:20.007Z","level":"info","message":"run admitted","run":"shop/x","waiting":"3"})");
}

TEST(Log, HostileTextStaysOneLineOfJson) {
  const std::string hostile = "a\"b\\c\nd\r\te\x01\x7f \xff\xc3\x28 \xe2\x82\xac \xed\xa0\x80 {fmt}";
  const std::string line = format_json(0, Level::kError, hostile, {{"pod", hostile}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto parsed = nlohmann::json::parse(line, nullptr, false);
  ASSERT_TRUE(parsed.is_object()) << line;
  EXPECT_EQ(parsed["time"], "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(parsed["level"], "error");
  const std::string text = parsed["pod"];
  EXPECT_TRUE(text.starts_with("a\"b\\c\nd\r\te\x01\x7f ")) << text;
  EXPECT_NE(text.find("\xe2\x82\xac"), std::string::npos);
  EXPECT_NE(text.find("{fmt}"), std::string::npos);
}

TEST(Log, SecretsOfFieldsToo) {
  EXPECT_EQ(format_json(0, Level::kDebug, "x", {{"url", "https://u:pw@h"}}).find("pw"), std::string::npos);
}

TEST(Log, TextLine) {
  EXPECT_EQ(format_text(1'790'000'000'007, Level::kWarning, "slow",
                        {{"run", "shop/x"}, {"why", "two words"}, {"n", ""}}),
            R"(14:13:20.007 WARN  slow run=shop/x why="two words" n="")");
  EXPECT_EQ(format_text(0, Level::kInfo, "a\nb\x1b[31m", {}), "00:00:00.000 INFO  a\\nb\\u001b[31m");
}

TEST(Log, WritesToStandardError) {
  ::testing::internal::CaptureStderr();
  setup(Format::kJson, Level::kInfo);
  debug("hidden");
  info("shown {}", {{"a", 1}});
  const std::string out = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(out.find("hidden"), std::string::npos);
  EXPECT_NE(out.find(R"("message":"shown {}","a":"1"})"
                     "\n"),
            std::string::npos)
      << out;
}

}  // namespace
}  // namespace edp::publish::log
