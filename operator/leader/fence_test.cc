#include "operator/leader/fence.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace edp::leader {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class StillClock : public Clock {
 public:
  [[nodiscard]] BootTime now() const override { return BootTime(time); }
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override { return {}; }
  bool sleep(Duration, const CancelToken&) const override { return false; }
  Duration time = seconds(1000);
};

class Recorder : public kube::Api {
 public:
  kube::Answer call(const kube::Call& what, const CancelToken&) override {
    if (before_bytes) before_bytes();
    kube::Answer answer;
    if (what.permit && !what.permit()) {
      answer.failure = Error{"not permitted", "", std::nullopt};
      return answer;
    }
    timeout = what.timeout;
    ++calls;
    answer.status = 200;
    return answer;
  }
  kube::Answer stream(const kube::Call&, milliseconds, const kube::BodySink&, const CancelToken&) override {
    ++calls;
    kube::Answer answer;
    answer.status = 200;
    return answer;
  }
  int calls = 0;
  milliseconds timeout{};
  std::function<void()> before_bytes;
};

class FenceTest : public ::testing::Test {
 protected:
  static kube::Call a(const char* method) {
    kube::Call call;
    call.method = method;
    call.path = "/x";
    return call;
  }
  StillClock clock;
  Tenure tenure;
  Recorder inner;
  Fence fence{inner, tenure, clock, milliseconds(250)};
};

TEST_F(FenceTest, WithoutALeaseOnlyReadsPass) {
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    const auto answer = fence.call(a(method), {});
    EXPECT_TRUE(Fence::refused(answer)) << method;
    EXPECT_EQ(answer.status, 0);
  }
  EXPECT_EQ(inner.calls, 0);
  EXPECT_EQ(fence.call(a("GET"), {}).status, 200);
  EXPECT_EQ(fence.stream(a("GET"), seconds(1), nullptr, {}).status, 200);
  EXPECT_TRUE(Fence::refused(fence.stream(a("POST"), seconds(1), nullptr, {})));
}

TEST_F(FenceTest, AWriteNeverOutlivesTheLease) {
  tenure.extend(clock.now() + seconds(15));
  EXPECT_TRUE(fence.call(a("POST"), {}).ok());
  EXPECT_EQ(inner.timeout, milliseconds(7'375));
  clock.time += seconds(14);
  EXPECT_TRUE(fence.call(a("POST"), {}).ok());
  EXPECT_EQ(inner.timeout, milliseconds(375));
  clock.time += milliseconds(750);
  EXPECT_TRUE(Fence::refused(fence.call(a("POST"), {})));
  kube::Call quick = a("PUT");
  quick.timeout = milliseconds(100);
  tenure.extend(clock.now() + seconds(15));
  EXPECT_TRUE(fence.call(quick, {}).ok());
  EXPECT_EQ(inner.timeout, milliseconds(100));
}

TEST_F(FenceTest, StoppedBetweenTheCheckAndTheBytes) {
  tenure.extend(clock.now() + seconds(15));
  inner.before_bytes = [&] { clock.time += seconds(30); };
  EXPECT_TRUE(Fence::refused(fence.call(a("POST"), {})));
  EXPECT_EQ(inner.calls, 0);
}

TEST_F(FenceTest, StoppedForHalfOfTheLease) {
  tenure.extend(clock.now() + seconds(15));
  inner.before_bytes = [&] { clock.time += seconds(8); };
  EXPECT_TRUE(Fence::refused(fence.call(a("POST"), {}))) << "an answer might be waited for beyond the lease";
  inner.before_bytes = [&] { clock.time += seconds(1); };
  EXPECT_TRUE(fence.call(a("POST"), {}).ok());
}

TEST_F(FenceTest, TheTenureEndsWhileConnecting) {
  tenure.extend(clock.now() + seconds(15));
  inner.before_bytes = [&] { tenure.end(); };
  EXPECT_TRUE(Fence::refused(fence.call(a("DELETE"), {})));
  EXPECT_EQ(inner.calls, 0);
}

TEST_F(FenceTest, TheCallersOwnPermitIsAsked) {
  tenure.extend(clock.now() + seconds(15));
  kube::Call call = a("POST");
  call.permit = [] { return false; };
  const auto answer = fence.call(call, {});
  EXPECT_FALSE(answer.ok());
  EXPECT_FALSE(Fence::refused(answer));
}

TEST_F(FenceTest, CountsWritesUnderWay) {
  tenure.extend(clock.now() + seconds(15));
  int during = -1;
  inner.before_bytes = [&] { during = tenure.writing(); };
  (void)fence.call(a("POST"), {});
  EXPECT_EQ(during, 1);
  EXPECT_EQ(tenure.writing(), 0);
  (void)fence.call(a("GET"), {});
  EXPECT_EQ(during, 0) << "reads need not be waited for";
}

// A real process, really stopped, by the real clock.
TEST(FenceProcess, ContinuedAfterItsLeaseRanOutItWritesNothing) {
  struct Shared {
    std::atomic<int64_t> until, last;
    std::atomic<int> writes, refused;
  };
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* shared = new (memory) Shared{};
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    struct Stamp : kube::Api {
      Shared* to = nullptr;
      const Clock* clock = nullptr;
      kube::Answer call(const kube::Call& what, const CancelToken&) override {
        kube::Answer answer;
        if (!what.permit()) {
          answer.failure = Error{"not permitted", "", std::nullopt};
          return answer;
        }
        to->last = clock->now().time_since_epoch().count();
        ++to->writes;
        answer.status = 200;
        return answer;
      }
      kube::Answer stream(const kube::Call&, milliseconds, const kube::BodySink&,
                          const CancelToken&) override {
        return {};
      }
    };
    const SystemClock clock;
    Tenure tenure;
    Stamp stamp;
    stamp.to = shared;
    stamp.clock = &clock;
    Fence fence(stamp, tenure, clock, milliseconds(250));
    kube::Call call;
    call.method = "POST";
    const BootTime until = clock.now() + milliseconds(1'500);
    tenure.extend(until);
    shared->until = until.time_since_epoch().count();
    while (clock.now() < until + seconds(20)) {
      if (Fence::refused(fence.call(call, {}))) ++shared->refused;
    }
    _exit(0);
  }
  while (shared->writes < 1000) std::this_thread::sleep_for(milliseconds(1));
  ASSERT_EQ(kill(child, SIGSTOP), 0);
  ASSERT_EQ(waitpid(child, nullptr, WUNTRACED), child);
  const int before = shared->writes;
  std::this_thread::sleep_for(milliseconds(1'800));
  ASSERT_EQ(kill(child, SIGCONT), 0);
  while (shared->refused < 1000) std::this_thread::sleep_for(milliseconds(1));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  // One may have been past its last look at the clock; the stamp then tells.
  EXPECT_LE(shared->writes - before, 1);
  if (shared->writes == before) {
    EXPECT_LT(shared->last, shared->until);
  }
  munmap(memory, sizeof(Shared));
}

}  // namespace
}  // namespace edp::leader
