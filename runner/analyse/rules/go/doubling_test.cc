#include "runner/analyse/rules/go/doubling.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace edp::analyse::go {
namespace {

std::vector<SizeFigures> sizes(std::initializer_list<int64_t> list) {
  std::vector<SizeFigures> figures;
  for (const int64_t size : list) {
    figures.push_back({.size = size, .alloc_objects = 10, .alloc_bytes = 10 * size});
  }
  return figures;
}

std::vector<int64_t> members(const DoublingSeries& series) {
  std::vector<int64_t> list;
  for (const SizeFigures& member : series.members) list.push_back(member.size);
  return list;
}

// Measured with every allocation recorded: a map[int]int64 that grows to 20,000 entries.
TEST(DoublingSeries, FindsTheArraysOfAClassicMap) {
  const DoublingSeries series = doubling_series(sizes({8, 16, 24, 32, 48, 144, 288, 576, 1152, 2688, 5376,
                                                       10240, 20480, 40960, 81920, 163840, 319488, 630784}));
  EXPECT_EQ(series.smallest(), 144);
  EXPECT_EQ(series.largest(), 630784);
  EXPECT_EQ(series.members.size(), 13U);
  EXPECT_EQ(series.entries_at_least(), 3328);  // 13,312 without the margin of two doublings; 20,000 in truth
}

TEST(DoublingSeries, FindsTheTablesOfASwissMap) {
  const DoublingSeries series =
      doubling_series(sizes({32, 48, 144, 288, 576, 1152, 2304, 4864, 9472, 18432}));
  EXPECT_EQ(members(series), (std::vector<int64_t>{144, 288, 576, 1152, 2304, 4864, 9472, 18432}));
}

TEST(DoublingSeries, SumsItsMembersOnly) {
  const DoublingSeries series = doubling_series(sizes({100, 130, 200, 400, 800}));
  EXPECT_EQ(members(series), (std::vector<int64_t>{100, 200, 400, 800}));
  EXPECT_EQ(series.total.alloc_bytes, 15000);
  EXPECT_EQ(series.total.alloc_objects, 40);
}

TEST(DoublingSeries, NeedsFourSizes) {
  EXPECT_TRUE(doubling_series({}).empty());
  EXPECT_TRUE(doubling_series(sizes({128})).empty());
  EXPECT_TRUE(doubling_series(sizes({128, 256, 512})).empty());
  EXPECT_TRUE(doubling_series(sizes({8, 16, 32, 48})).empty());  // lists of a few pointers
}

TEST(DoublingSeries, SurvivesHostileSizes) {
  std::vector<SizeFigures> hostile = sizes({});
  for (const int64_t size : {INT64_MIN, int64_t{-1}, int64_t{0}, int64_t{0}, INT64_MAX / 2, INT64_MAX}) {
    hostile.push_back({.size = size, .alloc_objects = INT64_MAX, .alloc_bytes = INT64_MAX});
  }
  EXPECT_TRUE(doubling_series(hostile).empty());
  std::vector<SizeFigures> many;
  for (int64_t size = 64; size < 70000; ++size) many.push_back({.size = size * 3, .alloc_bytes = INT64_MAX});
  EXPECT_TRUE(doubling_series(many).empty());  // the largest are looked at, and none of them is twice another
  EXPECT_EQ(doubling_series({many.begin(), many.begin() + 512}).total.alloc_bytes, INT64_MAX);
}

}  // namespace
}  // namespace edp::analyse::go
