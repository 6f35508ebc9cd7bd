#include "common/result.h"

#include <gtest/gtest.h>

namespace edp {
namespace {

TEST(Error, NamesPlaceOffsetAndCause) {
  EXPECT_EQ(Error{"cut short"}.to_string(), "cut short");
  EXPECT_EQ((Error{"cut short", "cpu.pb.gz", 17}).to_string(), "cpu.pb.gz: at byte 17: cut short");
}

TEST(Error, AtKeepsTheInnerPlace) { EXPECT_EQ(Error{"cut short"}.at("a").at("b").where, "a"); }

}  // namespace
}  // namespace edp
