#include "runner/decode/go_trace/cursor.h"

#include <gtest/gtest.h>

#include <array>

namespace edp::decode::go_trace {
namespace {

// A batch that ends in the midst of a number is cut, whatever an earlier generation has left behind it.
TEST(GoTraceCursor, WhatStandsBehindABatchMakesNoDifference) {
  for (const Byte left : {Byte{0}, Byte{0x80}, Byte{0xff}}) {
    std::array<Byte, 2 + BatchStore::kSlack> bytes{};
    bytes.fill(left);
    bytes[0] = kGoStart;
    bytes[1] = 0x80;
    ThreadBatches thread;
    thread.batches.push_back({.begin = bytes.data(), .size = 2});
    Clock clock;
    clock.set_frequency(1'000'000'000);
    Cursor cursor(thread, nullptr, clock);
    ASSERT_EQ(cursor.next(), Cursor::Next::kBad);
    EXPECT_STREQ(cursor.error(), "an event is cut by the end of its batch") << int{left};
  }
}

}  // namespace
}  // namespace edp::decode::go_trace
