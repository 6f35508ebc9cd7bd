#include "common/cancel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace edp {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(CancelToken, WakesSleepersInOtherThreads) {
  const CancelToken token;
  std::atomic<int> woken{0};
  std::vector<std::thread> sleepers;
  for (int i = 0; i < 4; ++i) {
    sleepers.emplace_back([&] { woken += token.sleep_for(hours(1)) ? 1 : 0; });
  }
  token.cancel();
  for (auto& sleeper : sleepers) sleeper.join();
  EXPECT_EQ(woken, 4);
  EXPECT_TRUE(token.cancelled());
}

TEST(CancelToken, SleepEndsByItself) {
  const CancelToken token;
  EXPECT_FALSE(token.sleep_for(milliseconds(1)));
}

TEST(CancelToken, CopiesAreTheSameToken) {
  const CancelToken token;
  const CancelToken copy = token;
  copy.cancel();
  EXPECT_TRUE(token.cancelled());
}

TEST(CancelToken, RunsEachCallbackOnce) {
  const CancelToken token;
  int calls = 0;
  const auto subscription = token.on_cancel([&] { ++calls; });
  token.cancel();
  token.cancel();
  EXPECT_EQ(calls, 1);
}

TEST(CancelToken, RunsACallbackThatComesLateAtOnce) {
  const CancelToken token;
  token.cancel();
  int calls = 0;
  const auto subscription = token.on_cancel([&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(CancelToken, ForgetsACallbackWithItsSubscription) {
  const CancelToken token;
  int calls = 0;
  {
    auto first = token.on_cancel([&] { ++calls; });
    CancelToken::Subscription moved = std::move(first);
    CancelToken::Subscription assigned;
    assigned = std::move(moved);
  }
  token.cancel();
  EXPECT_EQ(calls, 0);
}

TEST(SignalCancel, FirstSignalCancels) {
  const CancelToken token;
  {
    const SignalCancel hook(token);
    EXPECT_EQ(hook.signal(), 0);
    raise(SIGTERM);
    EXPECT_TRUE(token.sleep_for(hours(1)));
    EXPECT_EQ(hook.signal(), SIGTERM);
  }
  const CancelToken next;
  const SignalCancel again(next);
  EXPECT_FALSE(next.cancelled());
  raise(SIGINT);
  EXPECT_TRUE(next.sleep_for(hours(1)));
}

TEST(SignalCancelDeathTest, SecondSignalEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const CancelToken token;
        const SignalCancel hook(token);
        raise(SIGINT);
        if (!token.sleep_for(hours(1))) _exit(3);
        raise(SIGINT);
        _exit(4);
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace edp
