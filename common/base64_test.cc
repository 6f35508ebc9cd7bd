#include "common/base64.h"

#include <gtest/gtest.h>

namespace edp {
namespace {

TEST(Base64, PadsAsTheStandardSays) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64(std::string_view("\0\xff\xfe", 3)), "AP/+");
}

TEST(Base64, PiecesJoinWithoutASeam) {
  const std::string bytes((6U << 20U) + 1, 'x');
  const std::string text = base64(bytes);
  EXPECT_EQ(text.size(), 4 * ((bytes.size() + 2) / 3));
  EXPECT_EQ(text.find('='), text.size() - 2);
}

}  // namespace
}  // namespace edp
