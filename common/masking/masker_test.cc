#include "common/masking/masker.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <string_view>

namespace edp::masking {
namespace {

std::shared_ptr<const Patterns> patterns(std::vector<OwnPattern> own = {}) {
  auto compiled = Patterns::compile(std::move(own));
  if (!compiled) throw std::runtime_error(compiled.error().to_string());
  return *compiled;
}

std::string masked(std::string_view text) {
  static const auto kPatterns = patterns();
  Counts counts;
  return mask(text, kPatterns, counts);
}

struct MaskCase {
  const char* name;
  const char* text;
  const char* expected;
};
std::ostream& operator<<(std::ostream& out, const MaskCase& of) { return out << of.name; }

class Masked : public testing::TestWithParam<MaskCase> {};

TEST_P(Masked, AsExpected) { EXPECT_EQ(masked(GetParam().text), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    Hidden, Masked,
    testing::Values(
        MaskCase{"eighteen_digits", "622848123456781234", "622848********1234"},
        MaskCase{"inside_text", "card 622848123456781234, paid", "card 622848********1234, paid"},
        MaskCase{"identity_card", "id=11010519491231002X.", "id=110105********002X."},
        MaskCase{"identity_card_in_groups", "110105 19491231 002X", "110105 ******** 002X"},
        MaskCase{"old_identity_card", "130503670401001", "130503*****1001"},
        MaskCase{"visa", "4111111111111111", "411111******1111"},
        MaskCase{"visa_in_groups", "4111 1111 1111 1111", "4111 11** **** 1111"},
        MaskCase{"behind_a_year", "2024 4111-1111-1111-1111", "2024 4111-11**-****-1111"},
        MaskCase{"amex", "3782 822463 10005", "3782 82**** *0005"},
        MaskCase{"mobile", "tel:13812345678;", "tel:138****5678;"},
        MaskCase{"mobile_between_chinese", "手机13812345678号", "手机138****5678号"},
        MaskCase{"mobile_with_country", "+86 138-1234-5678", "+86 138-****-5678"},
        MaskCase{"abroad", "call +4915112345678 now", "call +49151****5678 now"},
        MaskCase{"email", "from jane.doe@example.com to", "from j***@example.com to"},
        MaskCase{"authorization", "Authorization: Bearer abc", "Authorization: Bearer ***"},
        MaskCase{"basic", "authorization: Basic dXNlcjpwYXNz\r", "authorization: Basic ***\r"},
        MaskCase{"bearer", "got Bearer a1b2c3d4e5", "got Bearer ***"},
        MaskCase{"jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl rest", "eyJh*** rest"},
        MaskCase{"aws", "key AKIAIOSFODNN7EXAMPLE.", "key AKIA***."},
        MaskCase{"aliyun", "LTAI5tQnKxGqVbTm1Zp2Wx3Y", "LTAI***"},
        MaskCase{"url", "postgres://app:s3cr3t@db:5432/x", "postgres://app:***@db:5432/x"},
        MaskCase{"jdbc", "jdbc:mysql://db/x?user=a&password=hunter2&ssl=true",
                 "jdbc:mysql://db/x?user=a&password=***&ssl=true"},
        MaskCase{"oracle", "jdbc:oracle:thin:scott/tiger@db:1521/x", "jdbc:oracle:thin:scott/***@db:1521/x"},
        MaskCase{"dsn", "root:pw@tcp(127.0.0.1:3306)/x", "root:***@tcp(127.0.0.1:3306)/x"},
        MaskCase{"behind_a_number", "13812345678password=x1", "13812345678password=***"},
        MaskCase{"environment", "DB_PASSWORD=hunter2", "DB_PASSWORD=***"},
        MaskCase{"quoted", R"({"password": "two words", "a": 1})", R"({"password": "***", "a": 1})"},
        MaskCase{"yaml", "password: hunter2", "password: ***"},
        MaskCase{"private_key",
                 "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nxyz\n-----END RSA PRIVATE KEY-----\nb",
                 "a\n-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nb"}),
    [](const auto& test) { return test.param.name; });

class Whole : public testing::TestWithParam<const char*> {};

TEST_P(Whole, StaysAsItIs) { EXPECT_EQ(masked(GetParam()), GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    LookAlikes, Whole,
    testing::Values("main.(*Store).Put /app/store.go:57", "0x622848123456781234",
                    "goroutine 13812345678901 [running]", "4111111111111112", "1767323045123456789 ns",
                    "11010519491331002", "3.14159265358979323846",
                    "golang.org/x/exp@v0.0.0-20240613232115-7f521ea00fb8/trace", "lib@v1.2.3-rc.one",
                    "550e8400-e29b-41d4-a716-446655440000", "bearer authentication is off",
                    "wrong token: Unauthorized", "sha256:4111111111111111a", "user@host",
                    "http://host:6060/debug/pprof", "password: null", "addr_13812345678",
                    "10:15:30.123456789012345", "const tokenLimit = 5", "{secretName: tls}",
                    "java.util.HashMap$Node@1b6d3586", "sync.(*Mutex).Lock", "12345678901"));

TEST(Masker, PiecesMakeNoDifference) {
  std::mt19937 random(7);
  const std::vector<std::string> parts = {"622848123456781234",
                                          " ",
                                          "4111 1111 1111 1111",
                                          "\n",
                                          "jane@example.com",
                                          "password=hunter2",
                                          "x",
                                          "AKIAIOSFODNN7EXAMPLE",
                                          ",",
                                          "手机13812345678",
                                          "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----",
                                          ".",
                                          "postgres://a:b@c/d",
                                          "é",
                                          " " + std::string(20000, 'a') + " ",
                                          "eyJhbGciOiJIU.eyJzdWIiOi.x"};
  const auto with = patterns({{"order", "ORD-[0-9]+", ""}});
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 30; ++i)
      text += parts[random() % (round % 10 == 0 ? parts.size() : parts.size() - 2)];
    Counts counts;
    const std::string whole = mask(text, with, counts);
    Masker masker(with);
    std::string out;
    for (size_t at = 0; at < text.size();) {
      const size_t size = std::min<size_t>(text.size() - at, random() % (round % 2 == 0 ? 7 : 3000));
      masker.feed(std::string_view(text).substr(at, size), out);
      at += size;
    }
    masker.finish(out);
    ASSERT_EQ(out, whole) << text;
    EXPECT_EQ(masker.counts().by_name(), counts.by_name());
  }
}

TEST(Masker, ASecretLongerThanWhatIsHeldBackIsHidden) {
  for (const size_t size : {size_t{100}, size_t{16'000}, size_t{40'000}, size_t{1'000'000}}) {
    Masker masker(patterns());
    std::string out;
    const std::string text = "Authorization: Bearer " + std::string(size, 'k') + " end";
    for (size_t at = 0; at < text.size(); at += 4096)
      masker.feed(std::string_view(text).substr(at, 4096), out);
    masker.finish(out);
    EXPECT_EQ(out, "Authorization: Bearer *** end") << size;
    EXPECT_EQ(masker.counts().of(Kind::kBearer), 1U);
  }
}

TEST(Masker, OwnPatterns) {
  const auto with =
      patterns({{"order", R"(\bORD-([0-9]{2})[0-9]+)", "ORD-$1**"}, {"name", "客户[:：]\\S+", ""}});
  Counts counts;
  EXPECT_EQ(mask("ORD-1234567 客户:王五 13812345678", with, counts), "ORD-12** *** 138****5678");
  EXPECT_EQ(counts.by_name(), (std::map<std::string, uint64_t>{{"name", 1}, {"order", 1}, {"phone", 1}}));
}

TEST(Masker, OwnPatternsThatAreNone) {
  const auto error = [](const char* pattern, const char* replace = "") {
    const auto compiled = Patterns::compile({{"mine", pattern, replace}});
    return compiled ? std::string("compiled") : compiled.error().to_string();
  };
  EXPECT_EQ(error("a("), "masking pattern mine: missing ): a(");
  EXPECT_EQ(error("a*"), "masking pattern mine: it matches nothing at all, so everywhere");
  EXPECT_NE(error("a", "$1").find("masking pattern mine: Rewrite schema requests 1"), std::string::npos);
}

TEST(MaskJson, StringsOnly) {
  Counts counts;
  const std::string json =
      R"({"ns": 622848123456781234, "text": "a\n13812345678", "password": "x", "list": ["a@b.cn"], "n": "x"})";
  EXPECT_EQ(
      mask_json(json, patterns(), counts),
      R"({"ns": 622848123456781234, "text": "a\n138****5678", "password": "***", "list": ["a***@b.cn"], "n": "x"})");
  EXPECT_EQ(counts.total(), 3U);
}

TEST(MaskJson, WhatIsNoJsonIsText) {
  Counts counts;
  EXPECT_EQ(mask_json("say \"13812345678", patterns(), counts), "say \"13812345678");
  EXPECT_EQ(mask_json("\"\\q 13812345678\"", patterns(), counts), "\"\\q 138****5678\"");
}

}  // namespace
}  // namespace edp::masking
