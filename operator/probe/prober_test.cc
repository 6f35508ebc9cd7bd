#include "operator/probe/prober.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <map>
#include <set>

#include "common/mutex.h"
#include "common/testing/tcp_server.h"
#include "common/testing/tls_identity.h"
#include "operator/probe/attempt.h"
#include "operator/probe/testing/crowd.h"

namespace edp::probe {
namespace {

using edp::testing::TcpServer;
using edp::testing::TlsIdentity;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Connection = TcpServer::Connection;

// Results as they come.
class Collector {
 public:
  ResultSink sink() {
    return [this](std::vector<ProbeResult>&& batch) {
      const MutexLock lock(mutex_);
      ++batches_;
      for (auto& result : batch) results_.push_back(std::move(result));
      came_.notify_all();
    };
  }
  template <typename Condition>
  bool wait(Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(60);
    const MutexLock lock(mutex_);
    while (!condition(results_)) {
      if (!came_.wait_until(mutex_, deadline)) return false;
    }
    return true;
  }
  ProbeResult first() {
    EXPECT_TRUE(wait([](const auto& results) { return !results.empty(); }));
    const MutexLock lock(mutex_);
    return results_.empty() ? ProbeResult{} : results_.front();
  }
  size_t count() {
    const MutexLock lock(mutex_);
    return results_.size();
  }
  size_t batches() {
    const MutexLock lock(mutex_);
    return batches_;
  }

 private:
  Mutex mutex_;
  CondVar came_;
  std::vector<ProbeResult> results_ EDP_GUARDED_BY(mutex_);
  size_t batches_ EDP_GUARDED_BY(mutex_) = 0;
};

ProberOptions anywhere() {
  ProberOptions options;
  options.filter = nullptr;  // loopback is where tests live
  options.batch_delay = milliseconds(10);
  options.seed = 1;
  return options;
}

Target at(int port, Kind kind = Kind::kHttp) {
  Target target;
  target.key = "t";
  target.ip = "127.0.0.1";
  target.port = static_cast<uint16_t>(port);
  target.kind = kind;
  target.path = watch::Symbol("/healthz");
  target.interval = milliseconds(40);
  target.timeout = seconds(20);
  return target;
}

ProbeResult ask(const Target& target) {
  Collector collector;
  auto prober = Prober::start(anywhere(), collector.sink());
  EXPECT_TRUE(prober);
  (*prober)->upsert(target);
  return collector.first();
}

struct Behaviour {
  const char* name;
  TcpServer::Handler serve;
  bool ok;
  ErrorKind error;
  uint16_t status;
  bool short_timeout = false;
};
class ProberHttp : public ::testing::TestWithParam<Behaviour> {};
TEST_P(ProberHttp, Judges) {
  const Behaviour& b = GetParam();
  TcpServer server(b.serve);
  Target target = at(server.port());
  if (b.short_timeout) target.timeout = milliseconds(300);
  const auto result = ask(target);
  EXPECT_EQ(result.key, "t");
  EXPECT_EQ(result.ok, b.ok);
  EXPECT_EQ(to_string(result.error), to_string(b.error));
  EXPECT_EQ(result.status, b.status);
  EXPECT_GT(result.latency.count(), 0);
  EXPECT_GT(result.when, 1'700'000'000);
  if (b.short_timeout) {
    EXPECT_GE(result.latency, milliseconds(300));
  }
}
TcpServer::Handler say(std::string bytes) {
  return [bytes = std::move(bytes)](Connection& c) {
    c.read_request();
    c.send(bytes);
  };
}
INSTANTIATE_TEST_SUITE_P(
    Servers, ProberHttp,
    ::testing::Values(
        Behaviour{"Ok", say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), true, ErrorKind::kNone, 200},
        Behaviour{"Redirect", say("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n"), true,
                  ErrorKind::kNone, 302},
        Behaviour{"NotFound", say("HTTP/1.1 404 No\r\n\r\n"), false, ErrorKind::kStatus, 404},
        Behaviour{"Unavailable", say("HTTP/1.1 503 No\r\n\r\n"), false, ErrorKind::kStatus, 503},
        Behaviour{"Garbage", say("\x16\x03\x01 what"), false, ErrorKind::kProtocol, 0},
        Behaviour{"HugeHeader", say("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"), false,
                  ErrorKind::kTooLong, 0},
        Behaviour{"HugeBody", say("HTTP/1.1 200 OK\r\n\r\n" + std::string(4 << 20, 'x')), true,
                  ErrorKind::kNone, 200},
        Behaviour{"ClosesAtOnce", [](Connection&) {}, false, ErrorKind::kReset, 0},
        Behaviour{"ClosesInTheHead", say("HTTP/1.1 200 OK\r\n"), false, ErrorKind::kReset, 0},
        Behaviour{"Resets",
                  [](Connection& c) {
                    c.read_request();
                    c.reset();
                  },
                  false, ErrorKind::kReset, 0},
        Behaviour{"Hangs", [](Connection& c) { c.hang(); }, false, ErrorKind::kTimeout, 0, true},
        Behaviour{"Drips",
                  [](Connection& c) {
                    for (const char letter : std::string("HTTP/1.1 200 OK\r\nX: y")) {
                      if (!c.send({&letter, 1})) return;
                      std::this_thread::sleep_for(milliseconds(20));
                    }
                    while (c.send("z")) std::this_thread::sleep_for(milliseconds(20));
                  },
                  false, ErrorKind::kTimeout, 0, true}),
    [](const auto& of) { return std::string(of.param.name); });

TEST(Prober, SendsWhatTheKubeletWould) {
  Mutex mutex;
  std::string request;
  TcpServer server([&](Connection& c) {
    const std::string text = c.read_request();
    const MutexLock lock(mutex);
    request = text;
    c.answer("200 OK", "text/plain", "ok");
  });
  EXPECT_TRUE(ask(at(server.port())).ok);
  const MutexLock lock(mutex);
  EXPECT_EQ(request, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                         "\r\nUser-Agent: edp-probe/1\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

TEST(Prober, APathCannotSmuggleARequest) {
  Target target = at(80);
  target.path = watch::Symbol("x y\r\nHost: evil\r\n\r\nGET /\x01\xff#f?a=b");
  const std::string request = probe_request(target, "ua");
  EXPECT_TRUE(
      request.starts_with("GET /x%20y%0D%0AHost:%20evil%0D%0A%0D%0AGET%20/%01%FF%23f?a=b HTTP/1.1\r\n"))
      << request;
  target.ip = "fd00::1";
  EXPECT_THAT(probe_request(target, "ua"), ::testing::HasSubstr("\r\nHost: [fd00::1]:80\r\n"));
  target.path = watch::Symbol(std::string(10'000, 'x'));
  EXPECT_EQ(ask(target).error, ErrorKind::kLocal);
}

TEST(Prober, NobodyListens) {
  int port = 0;
  {
    TcpServer server([](Connection&) {});
    port = server.port();
  }
  const auto result = ask(at(port));
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(to_string(result.error), "refused");
  EXPECT_EQ(to_string(ask(at(port, Kind::kTcp)).error), "refused");
}

TEST(Prober, TcpNeedsAConnectionOnly) {
  TcpServer server([](Connection& c) { c.hang(); });
  const auto result = ask(at(server.port(), Kind::kTcp));
  EXPECT_TRUE(result.ok);
  EXPECT_EQ(result.status, 0);
}

TEST(Prober, TlsWithWhateverCertificate) {
  const TlsIdentity expired("DNS:elsewhere", -7200, -3600);
  TcpServer server(say("HTTP/1.1 200 OK\r\n\r\n"), expired.context());
  const auto result = ask(at(server.port(), Kind::kHttps));
  EXPECT_TRUE(result.ok) << to_string(result.error);
  EXPECT_EQ(result.status, 200);
}

TEST(Prober, TlsThatIsNone) {
  TcpServer plain([](Connection& c) { c.send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  EXPECT_EQ(to_string(ask(at(plain.port(), Kind::kHttps)).error), "tls");
  TcpServer silent([](Connection& c) { c.hang(); });
  Target target = at(silent.port(), Kind::kHttps);
  target.timeout = milliseconds(200);
  EXPECT_EQ(to_string(ask(target).error), "timeout");
}

TEST(Prober, AnAddressThatIsNotAllowedIsNeverTouched) {
  TcpServer server(say("HTTP/1.1 200 OK\r\n\r\n"));
  Collector collector;
  ProberOptions options = anywhere();
  options.filter = pod_addresses();
  auto prober = Prober::start(std::move(options), collector.sink());
  ASSERT_TRUE(prober);
  (*prober)->upsert(at(server.port()));
  EXPECT_TRUE(collector.wait([](const auto& results) { return results.size() >= 3; }));
  EXPECT_EQ(collector.first().error, ErrorKind::kAddress);
  EXPECT_FALSE(collector.first().ok);
  EXPECT_EQ(server.connections(), 0);
}

TEST(Prober, AsksAgainAndAgainUntilRemoved) {
  TcpServer server(say("HTTP/1.1 200 OK\r\n\r\n"));
  Collector collector;
  auto prober = Prober::start(anywhere(), collector.sink());
  ASSERT_TRUE(prober);
  (*prober)->upsert(at(server.port()));
  ASSERT_TRUE(collector.wait([](const auto& results) { return results.size() >= 5; }));
  (*prober)->remove("t");
  (*prober)->remove("t");
  (*prober)->remove("unknown");
  while ((*prober)->stats().targets != 0) std::this_thread::sleep_for(milliseconds(1));
  std::this_thread::sleep_for(milliseconds(100));
  const size_t before = collector.count();
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_EQ(collector.count(), before);
}

TEST(Prober, AChangedTargetIsAskedAtItsNewPort) {
  TcpServer hangs([](Connection& c) { c.hang(); });
  TcpServer answers(say("HTTP/1.1 200 OK\r\n\r\n"));
  Collector collector;
  auto prober = Prober::start(anywhere(), collector.sink());
  ASSERT_TRUE(prober);
  (*prober)->upsert(at(hangs.port()));
  while (hangs.connections() == 0) std::this_thread::sleep_for(milliseconds(1));
  (*prober)->upsert(at(answers.port()));
  EXPECT_TRUE(collector.first().ok) << "what was under way is dropped";
}

TEST(Prober, SetTargetsReplacesThem) {
  TcpServer server(say("HTTP/1.1 200 OK\r\n\r\n"));
  Collector collector;
  auto prober = Prober::start(anywhere(), collector.sink());
  ASSERT_TRUE(prober);
  std::vector<Target> targets(3, at(server.port()));
  targets[0].key = "a";
  targets[1].key = "b";
  targets[2].key = "b";  // twice: one
  (*prober)->set_targets(targets);
  const auto saw = [](const char* key) {
    return [key](const auto& results) {
      return std::any_of(results.begin(), results.end(), [&](const auto& r) { return r.key == key; });
    };
  };
  EXPECT_TRUE(collector.wait(saw("a")));
  EXPECT_TRUE(collector.wait(saw("b")));
  EXPECT_EQ((*prober)->stats().targets, 2U);
  targets[0].key = "c";
  (*prober)->set_targets(targets);
  EXPECT_TRUE(collector.wait(saw("c")));
  EXPECT_EQ((*prober)->stats().targets, 2U);
  (*prober)->set_targets({});
  while ((*prober)->stats().targets != 0) std::this_thread::sleep_for(milliseconds(1));
}

// 127.1.x.y, one a target.
std::vector<Target> crowd_targets(const testing::Crowd& crowd, int count, milliseconds interval) {
  std::vector<Target> targets;
  for (int i = 0; i < count; ++i) {
    Target target = at(crowd.port());
    target.key = std::to_string(i);
    target.ip = "127.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
    target.interval = interval;
    target.timeout = seconds(10);
    targets.push_back(target);
  }
  return targets;
}

TEST(Prober, ThousandsOfTargetsThroughAFewSockets) {
  testing::Crowd crowd;
  Collector collector;
  ProberOptions options = anywhere();
  options.max_sockets = 64;
  options.batch_delay = milliseconds(100);
  auto prober = Prober::start(std::move(options), collector.sink());
  ASSERT_TRUE(prober);
  (*prober)->set_targets(crowd_targets(crowd, 4'000, seconds(2)));
  EXPECT_TRUE(collector.wait([](const auto& results) {
    std::set<std::string_view> keys;
    for (const auto& result : results) keys.insert(result.key);
    return keys.size() == 4'000;
  }));
  EXPECT_TRUE(collector.wait([](const auto& results) {
    return std::all_of(results.begin(), results.end(), [](const auto& r) { return r.ok && r.status == 200; });
  }));
  EXPECT_LE(crowd.most_at_once(), 64);
  EXPECT_LT(collector.batches(), collector.count() / 4);
}

TEST(Prober, TargetsThatHangKeepTheirPlacesAndNoMore) {
  testing::Crowd crowd;
  crowd.hang(true);
  Collector collector;
  ProberOptions options = anywhere();
  options.max_sockets = 16;
  auto prober = Prober::start(std::move(options), collector.sink());
  ASSERT_TRUE(prober);
  auto targets = crowd_targets(crowd, 300, milliseconds(100));
  for (Target& target : targets) target.timeout = milliseconds(50);
  (*prober)->set_targets(std::move(targets));
  // Each gets its turn, though there is room for a few at a time only.
  EXPECT_TRUE(collector.wait([](const auto& results) {
    std::set<std::string_view> keys;
    for (const auto& result : results) keys.insert(result.key);
    return keys.size() == 300;
  }));
  EXPECT_EQ(collector.first().error, ErrorKind::kTimeout);
  EXPECT_LE((*prober)->stats().sockets, 16U);
  EXPECT_GT((*prober)->stats().lag_seconds, 0);
}

TEST(Prober, TlsThatHangsDoesNotStopTheRest) {
  TcpServer silent([](Connection& c) { c.hang(); });
  testing::Crowd crowd;
  Collector collector;
  ProberOptions options = anywhere();
  options.max_sockets = 8;
  options.max_tls = 2;
  auto prober = Prober::start(std::move(options), collector.sink());
  ASSERT_TRUE(prober);
  auto targets = crowd_targets(crowd, 50, milliseconds(100));
  for (int i = 0; i < 20; ++i) {
    Target target = at(silent.port(), Kind::kHttps);
    target.key = "tls" + std::to_string(i);
    target.timeout = seconds(100);
    targets.push_back(target);
  }
  (*prober)->set_targets(std::move(targets));
  EXPECT_TRUE(collector.wait([](const auto& results) { return results.size() >= 500; }));
  EXPECT_LE(silent.connections(), 2);
}

TEST(Prober, EndsWhileProbesAreUnderWay) {
  testing::Crowd crowd;
  crowd.hang(true);
  Collector collector;
  auto prober = Prober::start(anywhere(), collector.sink());
  ASSERT_TRUE(prober);
  (*prober)->set_targets(crowd_targets(crowd, 100, milliseconds(10)));
  while ((*prober)->stats().sockets == 0) std::this_thread::sleep_for(milliseconds(1));
  prober->reset();
}

TEST(Prober, OutOfDescriptorsIsNotTheTargetsFault) {
  TcpServer server(say("HTTP/1.1 200 OK\r\n\r\n"));
  Collector collector;
  auto prober = Prober::start(anywhere(), collector.sink());
  ASSERT_TRUE(prober);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit low{std::min<rlim_t>(limit.rlim_cur, 256), limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  std::vector<int> taken;
  for (int fd = dup(2); fd >= 0; fd = dup(2)) taken.push_back(fd);
  (*prober)->upsert(at(server.port()));
  const auto result = collector.first();
  for (const int fd : taken) close(fd);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(to_string(result.error), "local");
  EXPECT_TRUE(collector.wait([](const auto& results) { return results.back().ok; })) << "and it goes on";
}

}  // namespace
}  // namespace edp::probe
