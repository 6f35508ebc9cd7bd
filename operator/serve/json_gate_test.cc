#include "operator/serve/json_gate.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace edp::serve {
namespace {

struct Seen {
  bool good = false;
  std::string value, fault;
};
Seen look(std::string_view text, size_t piece, size_t depth = 64) {
  JsonGate gate(depth, "schema");
  bool good = true;
  for (size_t at = 0; at < text.size() && good; at += piece) good = gate.feed(text.substr(at, piece));
  good = good && gate.finish();
  return {good, gate.value(), gate.fault()};
}

struct Case {
  std::string name, text;
  bool good = true;
  std::string value, fault;
};
class Gate : public ::testing::TestWithParam<Case> {};
TEST_P(Gate, JudgesAndFindsTheField) {
  for (const size_t piece : {size_t{1}, size_t{3}, size_t{1000}}) {
    const Seen seen = look(GetParam().text, piece, 4);
    EXPECT_EQ(seen.good, GetParam().good) << seen.fault;
    if (GetParam().good) {
      EXPECT_EQ(seen.value, GetParam().value);
    } else {
      EXPECT_NE(seen.fault.find(GetParam().fault), std::string::npos) << seen.fault;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(
    All, Gate,
    ::testing::Values(
        Case{"empty_object", "{}"}, Case{"report", R"({"schema":"edp.report/v1"})", true, "edp.report/v1"},
        Case{"field_last", R"( { "a" : [1, {"schema":"x"}], "schema" : "y" } )", true, "y"},
        Case{"field_nested_only", R"({"a":{"schema":"x"}})"},
        Case{"field_in_list", R"({"a":["schema","x"]})"},
        Case{"last_of_two", R"({"schema":"x","schema":"y"})", true, "y"},
        Case{"last_of_two_is_no_text", R"({"schema":"x","schema":1})", true, ""},
        Case{"last_of_two_is_an_object", R"({"schema":"x","schema":{"a":"b"}})", true, ""},
        Case{"field_is_a_number", R"({"schema":1})", true, ""},
        Case{"value_like_a_key", R"({"x":"schema","y":"z"})", true, ""},
        Case{"long_value_is_cut", "{\"schema\":\"" + std::string(500, 'x') + "\"}", true,
             std::string(128, 'x')},
        Case{"escapes", R"({"a":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00","schema":"s"})", true, "s"},
        Case{"numbers", R"({"a":[0,-0,1.5,-1e10,1E+2,10.01e-3],"schema":"s"})", true, "s"},
        Case{"words", R"({"a":[true,false,null],"schema":"s"})", true, "s"},
        Case{"deep_enough", R"({"a":[[[]]]})"},
        Case{"too_deep", R"({"a":[[[[]]]]})", false, "", "nested deeper than 4"},
        Case{"nothing", "", false, "", "ends at byte 0"}, Case{"spaces", "   ", false, "", "in the middle"},
        Case{"list", "[]", false, "", "is no JSON object"},
        Case{"text", "\"a\"", false, "", "no JSON object"},
        Case{"cut", R"({"a":1)", false, "", "in the middle"},
        Case{"cut_text", R"({"a":"b)", false, "", "middle"}, Case{"trailing", "{}x", false, "", "byte 2"},
        Case{"two", "{}{}", false, "", "byte 2"}, Case{"comma_last", R"({"a":1,})", false, "", "byte 7"},
        Case{"list_comma", R"({"a":[1,]})", false, "", "byte 8"},
        Case{"no_colon", R"({"a" 1})", false, "", "byte 5"}, Case{"bare_key", "{a:1}", false, "", "byte 1"},
        Case{"leading_zero", R"({"a":01})", false, "", "byte 6"},
        Case{"plus", R"({"a":+1})", false, "", "byte 5"},
        Case{"point_only", R"({"a":1.})", false, "", "byte 7"},
        Case{"minus_only", R"({"a":-})", false, "", "byte 6"},
        Case{"nan", R"({"a":NaN})", false, "", "byte 5"},
        Case{"word_cut", R"({"a":tru})", false, "", "byte 8"},
        Case{"wrong_end", R"({"a":[1}})", false, "", "byte 7"},
        Case{"bad_escape", R"({"a":"\x"})", false, "", "byte 7"},
        Case{"bad_unicode", R"({"a":"\u00g0"})", false, "", "byte 10"},
        Case{"control", "{\"a\":\"\n\"}", false, "", "byte 6"},
        Case{"comment", "{/**/}", false, "", "byte 1"}),
    [](const auto& test) { return test.param.name; });

// Against a reader that the world trusts: texts of the same alphabet, most of them broken.
TEST(JsonGate, AgreesWithNlohmannJson) {
  const std::vector<std::string> parts = {"{",  "}",       "[",  "]",  ",",  ":",    "\"a\"",   "\"schema\"",
                                          "1",  "-",       "0",  ".5", "e3", "true", "null",    " ",
                                          "\"", "\\u0041", "\\", "x",  "{}", "[]",   "\"a\":1", "\n"};
  std::mt19937 random(7);
  int good = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text = "{";
    const size_t count = 1 + random() % 8;
    for (size_t p = 0; p < count; ++p) text += parts[random() % parts.size()];
    if (random() % 2 == 0) text += "}";
    const bool expected = nlohmann::json::accept(text);
    good += expected ? 1 : 0;
    ASSERT_EQ(look(text, 1 + random() % 4).good, expected) << text;
  }
  EXPECT_GT(good, 2000);
}

TEST(JsonGate, KeepsItsCalmInAnAbyss) {
  std::string deep = "{\"a\":";
  deep += std::string(10'000'000, '[');
  EXPECT_FALSE(look(deep, 65536).good);
}

}  // namespace
}  // namespace edp::serve
