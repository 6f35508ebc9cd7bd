#include "common/json_nesting.h"

#include <gtest/gtest.h>

namespace edp {
namespace {

TEST(JsonNesting, IsCountedOutsideOfStrings) {
  EXPECT_FALSE(nests_deeper(R"({"a[[[[":"[[\"[[["})", 1));
  EXPECT_TRUE(nests_deeper(R"({"a":[]})", 1));
  EXPECT_FALSE(nests_deeper("[][][]", 1));
  EXPECT_FALSE(nests_deeper(R"({"a":["[[[[[[", "\"[[[["]})", 2));
  EXPECT_TRUE(nests_deeper("[[[", 2));
  EXPECT_FALSE(nests_deeper("[[],[],[]]", 2));
}

}  // namespace
}  // namespace edp
