#include "operator/watch/symbol.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace edp::watch {
namespace {

TEST(Symbol, StandsForOneText) {
  const Symbol a("shop"), b(std::string("shop")), c("cart"), none;
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
  EXPECT_EQ(a.view().data(), b.view().data());
  EXPECT_EQ(a, std::string_view("shop"));
  EXPECT_EQ(none, Symbol(""));
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.view(), "");
  EXPECT_LT(c, a);
  EXPECT_EQ(std::hash<Symbol>()(a), std::hash<Symbol>()(b));
}

TEST(Symbol, IsKeptWhileInUse) {
  const size_t before = Symbol::count();
  {
    Symbol a("kept-while-in-use");
    Symbol copy = a;
    const Symbol moved = std::move(a);
    a = copy;
    copy = Symbol("another-in-use");
    copy = static_cast<const Symbol&>(copy);
    EXPECT_EQ(copy.view(), "another-in-use");
    EXPECT_EQ(moved.view(), "kept-while-in-use");
    EXPECT_EQ(Symbol::count(), before + 2);
  }
  EXPECT_EQ(Symbol::count(), before);
}

TEST(Symbol, MayBeMadeAndDroppedFromAllThreads) {
  const size_t before = Symbol::count();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 20'000; ++i) {
        const Symbol one("thread-text-" + std::to_string(i % 7));
        const Symbol copy = one;
        ASSERT_EQ(copy.view().substr(0, 12), "thread-text-");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Symbol::count(), before);
}

}  // namespace
}  // namespace edp::watch
