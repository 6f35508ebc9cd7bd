#include "common/http_url.h"

#include <gtest/gtest.h>

namespace edp::http {
namespace {

TEST(ParseUrl, Reads) {
  struct Case {
    const char* text;
    const char* shown;
    const char* host;
    int port;
    const char* path;
    const char* user;
    const char* password;
  };
  const Case cases[] = {
      {"http://h", "http://h", "h", 80, "", "", ""},
      {"http://h:6060", "http://h:6060", "h", 6060, "", "", ""},
      {"https://H.Example/", "https://h.example", "h.example", 443, "", "", ""},
      {"https://h:443/base/", "https://h/base", "h", 443, "/base", "", ""},
      {"http://h/a%20b/debug/pprof/?x=secret#y", "http://h/a%20b/debug/pprof", "h", 80, "/a%20b/debug/pprof",
       "", ""},
      {"http://[::1]:8080/x", "http://[::1]:8080/x", "::1", 8080, "/x", "", ""},
      {"http://u:p%40ss%2f@h:1/x", "http://h:1/x", "h", 1, "/x", "u", "p@ss/"},
      {"http://u:p@ss@h", "http://h", "h", 80, "", "u", "p@ss"},
      {"http://u@h", "http://h", "h", 80, "", "u", ""},
      {"HTTP://h/p@th", "http://h/p@th", "h", 80, "/p@th", "", ""},
  };
  for (const auto& c : cases) {
    const auto url = parse_url(c.text);
    ASSERT_TRUE(url) << c.text << ": " << url.error().to_string();
    EXPECT_EQ(url->shown(), c.shown) << c.text;
    EXPECT_EQ(url->host, c.host) << c.text;
    EXPECT_EQ(url->port, c.port) << c.text;
    EXPECT_EQ(url->path, c.path) << c.text;
    EXPECT_EQ(url->user, c.user) << c.text;
    EXPECT_EQ(url->password, c.password) << c.text;
  }
}

TEST(ParseUrl, RefusesAndNeverShowsAPassword) {
  const char* cases[] = {
      "",
      "h:6060",
      "ftp://u:hunter2@h",
      "http://",
      "http://u:hunter2@",
      "http://u:hunter2@h:0",
      "http://u:hunter2@h:65536",
      "http://u:hunter2@h:80x",
      "http://u:hunter2@h:",
      "http://u:hunter2@[::1",
      "http://u:hunter2@[::1]x",
      "http://u:hunter2@::1",
      "http://u:hunter2%zz@h",
      "http://u:hunter2/more@h/x",
      "http://u:hunter2?more@h/x",
      "http://u:hunter2@h h/",
      "http://u:hunter2@h/a b",
      "http://u:hunter2@h\r\nX: y/",
  };
  for (const char* text : cases) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().to_string().find("hunter2"), std::string::npos) << url.error().to_string();
    EXPECT_EQ(url.error().to_string().find('\n'), std::string::npos);
  }
}

TEST(OneLine, Cleans) {
  EXPECT_EQ(one_line("  a \r\n\t b\x1b[31m\x01 "), "a b [31m");
  EXPECT_EQ(one_line("<html><h1>Not <b>here</b></h1>\n</html>"), "Not here");
  EXPECT_EQ(one_line("1 < 2 and 3 > 2"), "1 < 2 and 3 > 2");
  EXPECT_EQ(one_line("gr\xc3\xbc\xc3\x9f\x65 \xff\xfe \xc2\x9b"), "gr\xc3\xbc\xc3\x9f\x65");
  EXPECT_EQ(one_line("abcdef", 4), "abc...");
  EXPECT_EQ(one_line("<unclosed"), "<unclosed");
}

}  // namespace
}  // namespace edp::http
