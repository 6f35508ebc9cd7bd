#include "runner/view/path.h"

#include <gtest/gtest.h>

namespace edp::view {
namespace {

TEST(CleanPath, IsTheShortestNameOfTheSameFile) {
  EXPECT_EQ(clean_path(""), ".");
  EXPECT_EQ(clean_path("/"), "/");
  EXPECT_EQ(clean_path("//a///b/"), "/a/b");
  EXPECT_EQ(clean_path("/a/./b/../c"), "/a/c");
  EXPECT_EQ(clean_path("/../a"), "/a");
  EXPECT_EQ(clean_path("../../a"), "../../a");
  EXPECT_EQ(clean_path("a/.."), ".");
}

TEST(BaseName, IsTheLastElement) {
  EXPECT_EQ(base_name("/usr/bin/server"), "server");
  EXPECT_EQ(base_name("/usr/bin/"), "bin");
  EXPECT_EQ(base_name("///"), "/");
  EXPECT_EQ(base_name(""), ".");
  EXPECT_EQ(base_name("[vdso]"), "[vdso]");
}

}  // namespace
}  // namespace edp::view
