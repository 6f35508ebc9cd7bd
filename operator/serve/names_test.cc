#include "operator/serve/names.h"

#include <gtest/gtest.h>

#include <string>

namespace edp::serve {
namespace {

TEST(Names, TakeWhatTheApiserverTakes) {
  const std::string uid = "0b7f1c0e-93a5-4f5d-8c14-0123456789ab";
  EXPECT_TRUE(valid_namespace("shop"));
  EXPECT_TRUE(valid_namespace("a"));
  EXPECT_TRUE(valid_namespace("0-9"));
  EXPECT_TRUE(valid_namespace(std::string(63, 'a')));
  EXPECT_TRUE(valid_object_name("why-slow.v1.2"));
  EXPECT_TRUE(valid_object_name(std::string(253, 'a')));
  EXPECT_TRUE(valid_uid(uid));
  EXPECT_TRUE(valid_digest("sha256:" + std::string(64, '0')));
}

TEST(Names, TakeNothingThatAPathCouldReadInAnotherWay) {
  for (const std::string text :
       {"",       ".",     "..",       "a/b", "a\\b", "/",  "A",    "a_b",  "-a", "a-",  "a b",
        "%2e%2e", "a%2fb", "\xc3\xa9", "a\n", ".a",   "a.", "a..b", "a.-b", "~",  "con:"}) {
    EXPECT_FALSE(valid_namespace(text)) << text;
    EXPECT_FALSE(valid_object_name(text)) << text;
    EXPECT_FALSE(valid_uid(text)) << text;
    EXPECT_FALSE(valid_digest(text)) << text;
  }
  EXPECT_FALSE(valid_namespace(std::string("a\0b", 3)));
  EXPECT_FALSE(valid_namespace("a.b"));
  EXPECT_FALSE(valid_namespace(std::string(64, 'a')));
  EXPECT_FALSE(valid_object_name(std::string(254, 'a')));
  EXPECT_FALSE(valid_uid("0b7f1c0e-93a5-4f5d-8c14-0123456789a"));
  EXPECT_FALSE(valid_uid("0B7F1C0E-93A5-4F5D-8C14-0123456789AB"));
  EXPECT_FALSE(valid_uid("0b7f1c0e/93a5-4f5d-8c14-0123456789ab"));
  EXPECT_FALSE(valid_digest("sha256:" + std::string(63, '0')));
  EXPECT_FALSE(valid_digest("sha256:" + std::string(64, 'G')));
}

}  // namespace
}  // namespace edp::serve
