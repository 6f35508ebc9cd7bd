#include "operator/leader/elector.h"

#include <gtest/gtest.h>

#include <atomic>

#include "common/mutex.h"
#include "operator/leader/testing/world.h"

namespace edp::leader {
namespace {

using edp::leader::testing::LeaseServer;
using std::chrono::milliseconds;
using std::chrono::seconds;

class SharedServer : public kube::Api {
 public:
  kube::Answer call(const kube::Call& what, const CancelToken& cancel) override {
    if (hang && cancel.sleep_for(what.timeout)) {
      kube::Answer answer;
      answer.failure = Error{"cancelled", "", std::nullopt};
      return answer;
    }
    const MutexLock lock(mutex_);
    return server_.serve(what);
  }
  kube::Answer stream(const kube::Call&, milliseconds, const kube::BodySink&, const CancelToken&) override {
    return {};
  }
  std::string holder() {
    const MutexLock lock(mutex_);
    return server_.holder();
  }
  void down(bool is) {
    const MutexLock lock(mutex_);
    server_.down = is;
  }
  std::atomic<bool> hang{false};

 private:
  Mutex mutex_;
  LeaseServer server_ EDP_GUARDED_BY(mutex_);
};

ElectionOptions quick(const char* identity) {
  ElectionOptions options;
  options.identity = identity;
  options.lease_duration = milliseconds(1'000);
  options.renew_deadline = milliseconds(600);
  options.retry_period = milliseconds(50);
  return options;
}

template <typename Condition>
bool wait_for(Condition&& condition) {
  for (int i = 0; i < 2'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

struct Replica {
  std::atomic<int> started{0}, stopped{0}, steps{0};
  Elector elector;
  Replica(kube::Api& api, const Clock& clock, const char* identity)
      : elector(api, quick(identity), clock,
                {.on_started = [this] { ++started; },
                 .on_stopped = [this](const std::string&) { ++stopped; },
                 .on_step = [this] { ++steps; }}) {
    elector.start();
  }
};

TEST(Elector, HandsOverWhenItStops) {
  SharedServer server;
  const SystemClock clock;
  Replica a(server, clock, "a");
  ASSERT_TRUE(wait_for([&] { return a.started == 1; }));
  EXPECT_TRUE(a.elector.leading());
  Replica b(server, clock, "b");
  ASSERT_TRUE(wait_for([&] { return b.steps > 3; }));
  EXPECT_EQ(b.started, 0);
  a.elector.stop();
  EXPECT_EQ(a.stopped, 1);
  EXPECT_FALSE(a.elector.leading());
  EXPECT_NE(server.holder(), "a");
  ASSERT_TRUE(wait_for([&] { return b.started == 1; }));
  b.elector.stop();
  EXPECT_EQ(server.holder(), "");
}

TEST(Elector, StandsAgainAfterALoss) {
  SharedServer server;
  const SystemClock clock;
  Replica a(server, clock, "a");
  ASSERT_TRUE(wait_for([&] { return a.started == 1; }));
  server.down(true);
  ASSERT_TRUE(wait_for([&] { return a.stopped == 1; }));
  EXPECT_FALSE(a.elector.leading());
  server.down(false);
  ASSERT_TRUE(wait_for([&] { return a.started == 2; }));
}

TEST(Elector, StopDoesNotWaitForAServerThatHangs) {
  SharedServer server;
  const SystemClock clock;
  Replica a(server, clock, "a");
  ASSERT_TRUE(wait_for([&] { return a.started == 1; }));
  server.hang = true;
  const auto before = std::chrono::steady_clock::now();
  a.elector.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(8));
  EXPECT_EQ(a.stopped, 1);
}

TEST(Elector, NeverStartedCanBeStopped) {
  SharedServer server;
  const SystemClock clock;
  Elector elector(server, quick("a"), clock, {});
  elector.stop();
  EXPECT_EQ(server.holder(), "");
}

}  // namespace
}  // namespace edp::leader
