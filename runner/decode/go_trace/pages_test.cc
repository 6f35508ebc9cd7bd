#include "runner/decode/go_trace/pages.h"

#include <gtest/gtest.h>

#include <string>

namespace edp::decode::go_trace {
namespace {

// Through the heap into mappings, and on from there.
TEST(GoTracePages, BytesStayAsTheyGrow) {
  std::string expected;
  GrowingBytes bytes;
  for (size_t i = 0; expected.size() < 40 << 20; ++i) {
    const std::string piece((i * 7919) % 300'000, static_cast<char>('a' + i % 26));
    expected += piece;
    bytes.append(piece);
  }
  EXPECT_TRUE(bytes.view() == expected);
  bytes.erase_front(1 << 20);
  EXPECT_TRUE(bytes.view() == std::string_view(expected).substr(1 << 20));
  bytes.clear();
  bytes.append("again");
  EXPECT_EQ(bytes.view(), "again");
}

TEST(GoTracePages, TheFirstBytesMayBeMany) {
  const std::string many(10 << 20, 'x');
  GrowingBytes bytes;
  bytes.append(many);
  bytes.append("y");
  EXPECT_TRUE(bytes.view() == many + "y");
}

}  // namespace
}  // namespace edp::decode::go_trace
