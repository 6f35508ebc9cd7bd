#include "runner/report/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace edp::report {
namespace {

TEST(OneLine, KeepsTextAndTurnsControlsIntoSpaces) {
  EXPECT_EQ(one_line("main.(*Größe).Put"), "main.(*Größe).Put");
  EXPECT_EQ(one_line("a\x1b[31mb\r\nc\td\x7f"), "a [31mb  c d ");
  EXPECT_EQ(one_line("a\xc2\x9b"
                     "31mb"),
            "a 31mb")
      << "C1 CSI is a control too";
  EXPECT_EQ(one_line("a\xe2\x80\xae"
                     "b"),
            "a b")
      << "right-to-left override";
}

TEST(OneLine, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(one_line("a\xff"
                     "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(one_line("\xc0\x80"), "\xef\xbf\xbd\xef\xbf\xbd") << "overlong NUL";
  EXPECT_EQ(one_line("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "surrogate";
  EXPECT_EQ(one_line("x\xe2\x82"), "x\xef\xbf\xbd\xef\xbf\xbd") << "cut sequence";
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("größe"), 5U);
  EXPECT_EQ(display_width("漢字"), 4U);
  EXPECT_EQ(display_width("e\xcc\x81"), 1U);
}

TEST(Clip, CutsAtColumnsAndSaysSo) {
  EXPECT_EQ(clip("abcdef", 6), "abcdef");
  EXPECT_EQ(clip("abcdef", 5), "abcd…");
  EXPECT_EQ(clip("漢字漢字", 5), "漢字…");
  EXPECT_EQ(clip("漢字漢字", 4), "漢…");
  EXPECT_EQ(clip("abc", 0), "");
}

TEST(ClipFront, KeepsTheEnd) {
  EXPECT_EQ(clip_front("/src/app/store.go:42", 11), "…tore.go:42");
  EXPECT_EQ(clip_front("store.go:42", 11), "store.go:42");
  EXPECT_EQ(clip_front("漢字漢字", 4), "…字");
}

TEST(XmlEscape, LeavesNothingThatXmlCannotCarry) {
  EXPECT_EQ(xml_escape("<a b=\"c\">&'"), "&lt;a b=&quot;c&quot;&gt;&amp;&apos;");
  EXPECT_EQ(xml_escape(std::string_view("a\0b\x1b\xff", 5)),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(xml_escape("a\nb"), "a&#10;b");
}

struct FormatCase {
  double value;
  const char* unit;
  const char* expected;
};

TEST(FormatValue, GivesThreeDigitsAndAUnit) {
  const FormatCase cases[] = {
      {38.24, "percent", "38.2%"},
      {0.5, "percent", "0.5%"},
      {100, "percent", "100%"},
      {1250000000, "nanoseconds", "1.25 s"},
      {12300, "nanoseconds", "12.3 µs"},
      {0, "nanoseconds", "0 s"},
      {7.3e12, "nanoseconds", "2.03 h"},
      {300e9, "nanoseconds", "5 min"},
      {512, "bytes", "512 B"},
      {12.3 * 1024 * 1024, "bytes", "12.3 MiB"},
      {-2048, "bytes", "-2 KiB"},
      {18660, "per_second", "18,660/s"},
      {1234567, "count", "1,234,567"},
      {7, "count", "7"},
      {1.5, "ratio", "1.5"},
      {12, "minutes", "12 min"},
      {1, "goroutines", "1 goroutine"},
      {4096, "goroutines", "4,096 goroutines"},
      {3, "furlongs", "3 furlongs"},
      {std::numeric_limits<double>::quiet_NaN(), "count", "not a number"},
  };
  for (const FormatCase& c : cases) EXPECT_EQ(format_value(c.value, c.unit), c.expected) << c.value << c.unit;
}

TEST(FormatTime, IsRfc3339InUtc) {
  EXPECT_EQ(format_time(std::chrono::system_clock::time_point(std::chrono::milliseconds(1777864320123))),
            "2026-05-04T03:12:00.123Z");
  EXPECT_EQ(format_time(std::chrono::system_clock::time_point(std::chrono::milliseconds(-1))),
            "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace edp::report
