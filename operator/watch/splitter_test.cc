#include "operator/watch/splitter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace edp::watch {
namespace {

using Texts = std::vector<std::string>;

Texts lines_of(std::string_view text, size_t cut, size_t max = 1000) {
  Texts lines;
  LineSplitter splitter(max, [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });
  EXPECT_TRUE(splitter.feed(text.substr(0, cut)));
  EXPECT_TRUE(splitter.feed(text.substr(cut)));
  return lines;
}

TEST(LineSplitter, CutsAnywhere) {
  const std::string text = "{\"a\":1}\n\n  \r\n{\"b\":\"x\"}\r\n{\"c\":[]}\nrest";
  const Texts expected{"{\"a\":1}", "{\"b\":\"x\"}", "{\"c\":[]}"};
  for (size_t cut = 0; cut <= text.size(); ++cut) EXPECT_EQ(lines_of(text, cut), expected) << cut;
  Texts lines;
  LineSplitter one_by_one(1000, [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });
  for (const char c : text) EXPECT_TRUE(one_by_one.feed({&c, 1}));
  EXPECT_EQ(lines, expected);
}

TEST(LineSplitter, PassesOverALineThatIsTooLong) {
  const std::string text = "0123456789\n01234567890\nabc\n";
  for (size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(lines_of(text, cut, 10), (Texts{"0123456789", "abc"}));
  LineSplitter splitter(10, [](std::string_view) { return true; });
  for (int i = 0; i < 100; ++i) splitter.feed("0123456789");
  splitter.feed("\n");
  EXPECT_EQ(splitter.too_long(), 1U);
}

TEST(LineSplitter, StopsWhenTold) {
  Texts lines;
  LineSplitter splitter(100, [&](std::string_view line) {
    lines.emplace_back(line);
    return line != "b";
  });
  EXPECT_FALSE(splitter.feed("a\nb\nc\n"));
  EXPECT_EQ(lines, (Texts{"a", "b"}));
}

struct ListCase {
  const char* name;
  std::string text;
  Texts items;
  std::string envelope;  // empty: the list is not complete
};

const ListCase kLists[] = {
    {"typed: metadata first",
     R"({"kind":"PodList","metadata":{"resourceVersion":"7","continue":"x"},"items":[{"a":1},{"b":"}]\"{"}]})"
     "\n",
     {R"({"a":1})", R"({"b":"}]\"{"})"},
     R"({"kind":"PodList","metadata":{"resourceVersion":"7","continue":"x"},"items":[]})"
     "\n"},
    {"untyped: items before metadata",
     R"({"apiVersion":"v1","items":[{"items":[{"x":[1,2]}]}],"kind":"L","metadata":{"resourceVersion":"9"}})",
     {R"({"items":[{"x":[1,2]}]})"},
     R"({"apiVersion":"v1","items":[],"kind":"L","metadata":{"resourceVersion":"9"}})"},
    {"spaced",
     "{ \"items\" : [ {\"a\" : 1 } ,\n {\"b\":\"\\\\\"} ] , \"metadata\" : { } }",
     {"{\"a\" : 1 }", "{\"b\":\"\\\\\"}"},
     "{ \"items\" : [] , \"metadata\" : { } }"},
    {"empty", R"({"items":[],"metadata":{}})", {}, R"({"items":[],"metadata":{}})"},
    {"null", R"({"metadata":{},"items":null})", {}, R"({"metadata":{},"items":null})"},
    {"other arrays and strings are no items",
     R"({"x":"items","y":[{"no":1}],"metadata":{"items":[{"no":2}]},"items":[{"yes":1}]})",
     {R"({"yes":1})"},
     R"({"x":"items","y":[{"no":1}],"metadata":{"items":[{"no":2}]},"items":[]})"},
    {"cut off", R"({"items":[{"a":1},{"b":2)", {R"({"a":1})"}, ""},
    {"no items", R"({"kind":"Status"})", {}, ""},
    {"not JSON", "<html>", {}, ""},
    {"an array", R"([{"items":[]}])", {}, ""},
    {"items that are no objects", R"({"items":[1,2]})", {}, ""},
    {"more than one object", R"({"items":[]}{"items":[]})", {}, ""},
    {"nothing", "", {}, ""},
};

TEST(ListSplitter, FindsItemsWhereverChunksEnd) {
  for (const ListCase& one : kLists) {
    for (size_t cut = 0; cut <= one.text.size(); ++cut) {
      Texts items;
      ListSplitter splitter(1000, [&](std::string_view item) {
        items.emplace_back(item);
        return true;
      });
      if (splitter.feed(std::string_view(one.text).substr(0, cut)))
        splitter.feed(std::string_view(one.text).substr(cut));
      EXPECT_EQ(items, one.items) << one.name << " cut at " << cut;
      const bool complete = splitter.complete() && splitter.error().empty();
      EXPECT_EQ(complete, !one.envelope.empty()) << one.name << " cut at " << cut;
      if (complete) {
        EXPECT_EQ(splitter.envelope(), one.envelope) << one.name << " cut at " << cut;
      }
    }
    Texts items;
    ListSplitter byte_by_byte(1000, [&](std::string_view item) {
      items.emplace_back(item);
      return true;
    });
    for (const char c : one.text)
      if (!byte_by_byte.feed({&c, 1})) break;
    EXPECT_EQ(items, one.items) << one.name << " byte by byte";
  }
}

TEST(ListSplitter, PassesOverAnItemThatIsTooLong) {
  const std::string text =
      R"({"items":[{"a":1},{"long":"0123456789012345678901234567890"},{"b":2}],"metadata":{}})";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Texts items;
    ListSplitter splitter(20, [&](std::string_view item) {
      items.emplace_back(item);
      return true;
    });
    EXPECT_TRUE(splitter.feed(text.substr(0, cut)));
    EXPECT_TRUE(splitter.feed(text.substr(cut)));
    EXPECT_EQ(items, (Texts{R"({"a":1})", R"({"b":2})"})) << cut;
    EXPECT_EQ(splitter.too_long(), 1U);
    EXPECT_TRUE(splitter.complete());
  }
}

TEST(ListSplitter, BoundsWhatIsBesideTheItems) {
  ListSplitter splitter(100, [](std::string_view) { return true; });
  EXPECT_TRUE(splitter.feed("{\"metadata\":{\"x\":\""));
  const std::string much(70'000, 'x');
  EXPECT_FALSE(splitter.feed(much));
  EXPECT_NE(splitter.error(), "");
}

TEST(ListSplitter, RefusesEndlessNesting) {
  ListSplitter splitter(1'000'000, [](std::string_view) { return true; });
  const std::string deep(5000, '[');
  EXPECT_FALSE(splitter.feed("{\"items\":[{\"a\":" + deep));
  EXPECT_EQ(splitter.error(), "nested too deeply");
}

TEST(SplitEvent, FindsTypeAndObject) {
  struct Case {
    std::string line, type, object;
  };
  const Case cases[] = {
      {R"({"type":"ADDED","object":{"a":"}"}})", "ADDED", R"({"a":"}"})"},
      {R"({"object":{"a":[{}]},"type":"DELETED"})", "DELETED", R"({"a":[{}]})"},
      {R"( { "type" : "BOOKMARK" , "x" : [1,"]"] , "object" : {} } )", "BOOKMARK", "{}"},
      {R"({"type":"NEW","more":12,"object":{"b":"\\\""}})", "NEW", R"({"b":"\\\""})"},
      {R"({"type":"ADDED","object":{"a":1})", "", ""},
      {R"({"type":"ADDED","object":{"a":"1})", "", ""},
      {R"({"type":"ADDED","object":null})", "", ""},
      {R"({"type":"ADDED"})", "", ""},
      {R"({"object":{}})", "", ""},
      {R"({"type":1,"object":{}})", "", ""},
      {R"({"type")", "", ""},
      {R"({"type":)", "", ""},
      {R"({"type":"A\)", "", ""},
      {R"({]})", "", ""},
      {"garbage", "", ""},
      {"[]", "", ""},
      {"", "", ""},
  };
  for (const Case& one : cases) {
    const auto event = split_event(one.line);
    ASSERT_EQ(event.has_value(), !one.type.empty()) << one.line;
    if (!event) continue;
    EXPECT_EQ(event->type, one.type) << one.line;
    EXPECT_EQ(event->object, one.object) << one.line;
  }
}

}  // namespace
}  // namespace edp::watch
