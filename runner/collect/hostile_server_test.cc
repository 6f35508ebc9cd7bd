// Against a server that looks like Go's pprof and misbehaves for one path: that costs one collector, never
// the run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "common/testing/tcp_server.h"
#include "runner/collect/collect.h"

namespace edp::collect {
namespace {

using edp::testing::TcpServer;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Connection = TcpServer::Connection;

constexpr const char* kIndex =
    "<html><title>/debug/pprof/</title><table>"
    "<tr><td>5</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr></table></html>";

// "/debug/pprof/heap?seconds=2" of "GET /debug/pprof/heap?seconds=2 HTTP/1.1".
std::string target_in(const std::string& request) {
  const size_t begin = request.find(' ') + 1;
  return request.substr(begin, request.find(' ', begin) - begin);
}

// Answers each path with its own name; `special` answers those that begin so instead.
TcpServer::Handler fake_pprof(std::string special = "none", TcpServer::Handler answer = {}) {
  return [special = std::move(special), answer = std::move(answer)](Connection& c) {
    const std::string target = target_in(c.read_request());
    if (target.starts_with(special)) return answer(c);
    if (target == "/debug/pprof/") {
      c.answer("200 OK", "text/html", kIndex);
    } else if (target.starts_with("/debug/pprof/mutex?debug=1")) {
      c.answer("200 OK", "text/plain", "--- mutex:\ncycles/second=1\nsampling period=5\n");
    } else {
      c.answer("200 OK", "application/octet-stream", "this is " + target);
    }
  };
}

CollectPlan quick_plan(std::vector<std::string> collectors) {
  CollectPlan plan;
  plan.collectors = std::move(collectors);
  plan.window_seconds = 1;
  plan.seconds = 3600;
  plan.timeout_seconds = 7200;
  plan.max_bytes = 100'000;
  return plan;
}

TargetCollection run(const TcpServer& server, const CollectPlan& plan, const CollectContext& context = {}) {
  const auto target = parse_target(server.url());
  if (!target) std::abort();
  return std::move(collect({*target}, plan, context).front());
}

const model::CollectorOutcome& outcome(const TargetCollection& got, std::string_view collector) {
  static const model::CollectorOutcome none{.target = "", .collector = "", .outcome = "none", .message = ""};
  const auto found = std::find_if(got.outcomes.begin(), got.outcomes.end(),
                                  [&](const auto& outcome) { return outcome.collector == collector; });
  return found == got.outcomes.end() ? none : *found;
}

const Collected* artefact(const TargetCollection& got, std::string_view name) {
  const auto found = std::find_if(got.artefacts.begin(), got.artefacts.end(),
                                  [&](const auto& artefact) { return artefact.artefact == name; });
  return found == got.artefacts.end() ? nullptr : &*found;
}

TEST(HostileTarget, AsksForEachProfileAsGoServesIt) {
  const TcpServer server(fake_pprof());
  CollectPlan plan = quick_plan({});
  plan.trace_count = 1;
  const auto got = run(server, plan);
  std::vector<std::string> asked;
  for (const auto& one : got.artefacts) asked.push_back(one.artefact + " " + one.bytes.substr(0, 60));
  EXPECT_THAT(
      asked,
      ::testing::UnorderedElementsAre(
          "cpu.pb.gz this is /debug/pprof/profile?seconds=1", "heap.1.pb.gz this is /debug/pprof/heap",
          "heap.2.pb.gz this is /debug/pprof/heap", "heap.delta.pb.gz this is /debug/pprof/heap?seconds=2",
          "allocs.pb.gz this is /debug/pprof/allocs",
          "allocs.delta.pb.gz this is /debug/pprof/allocs?seconds=2",
          "goroutine.1.pb.gz this is /debug/pprof/goroutine",
          "goroutine.2.pb.gz this is /debug/pprof/goroutine",
          "goroutine.3.pb.gz this is /debug/pprof/goroutine",
          "goroutine.delta.pb.gz this is /debug/pprof/goroutine?seconds=2",
          "goroutine.debug2.1.txt this is /debug/pprof/goroutine?debug=2",
          "goroutine.debug2.2.txt this is /debug/pprof/goroutine?debug=2",
          "mutex.pb.gz this is /debug/pprof/mutex", "mutex.delta.pb.gz this is /debug/pprof/mutex?seconds=2",
          "mutex.rate.txt --- mutex:\ncycles/second=1\nsampling period=5\n",
          "block.pb.gz this is /debug/pprof/block", "block.delta.pb.gz this is /debug/pprof/block?seconds=2",
          "threadcreate.pb.gz this is /debug/pprof/threadcreate",
          "memstats.1.txt this is /debug/pprof/heap?debug=1", "vars.1.json this is /debug/vars",
          "metrics.1.txt this is /metrics", "memstats.2.txt this is /debug/pprof/heap?debug=1",
          "vars.2.json this is /debug/vars", "metrics.2.txt this is /metrics",
          "memstats.3.txt this is /debug/pprof/heap?debug=1", "vars.3.json this is /debug/vars",
          "metrics.3.txt this is /metrics", "memstats.4.txt this is /debug/pprof/heap?debug=1",
          "vars.4.json this is /debug/vars", "metrics.4.txt this is /metrics",
          "memstats.5.txt this is /debug/pprof/heap?debug=1", "vars.5.json this is /debug/vars",
          "metrics.5.txt this is /metrics", "trace.1.out this is /debug/pprof/trace?seconds=0.08"));
  EXPECT_EQ(got.mutex_fraction, 5);
}

TEST(HostileTarget, OneBadAnswerCostsOneCollector) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  struct Case {
    const char* name;
    TcpServer::Handler answer;
    const char* outcome;
    const char* message;
  };
  const Case cases[] = {
      {"404", [](Connection& c) { c.answer("404 Not Found", "text/plain", "Unknown profile"); }, "absent",
       "not there (status 404): Unknown profile"},
      {"hangs", [](Connection& c) { c.hang(); }, "timeout", "no answer in time"},
      {"hangs in the body",
       [&](Connection& c) {
         c.send(ok + "Content-Length: 9\r\n\r\nhalf");
         c.hang();
       },
       "timeout", "the answer did not end in time"},
      {"resets", [](Connection& c) { c.reset(); }, "failed", "the connection was reset without an answer"},
      {"HTML", [](Connection& c) { c.answer("200 OK", "text/html", "<html><title>Welcome</title>"); },
       "failed", "an HTML page where a profile was expected: \"Welcome\""},
      {"lies about its length", [&](Connection& c) { c.send(ok + "Content-Length: 1000\r\n\r\nshort"); },
       "failed", "the answer broke off after 5 bytes"},
      {"endless",
       [&](Connection& c) {
         c.send(ok + "\r\n");
         while (c.send(std::string(10'000, 'x'))) {
         }
       },
       "failed", "larger than the limit of 100000 bytes"},
      {"empty", [&](Connection& c) { c.send(ok + "Content-Length: 0\r\n\r\n"); }, "failed",
       "an empty answer"},
  };
  for (const auto& c : cases) {
    const TcpServer server(fake_pprof("/debug/pprof/threadcreate", c.answer));
    CollectPlan plan = quick_plan({"threadcreate", "allocs"});
    plan.limits["threadcreate"].seconds = 0.3;
    const auto got = run(server, plan);
    EXPECT_FALSE(got.error) << c.name;
    EXPECT_EQ(outcome(got, "threadcreate").outcome, c.outcome) << c.name;
    EXPECT_THAT(outcome(got, "threadcreate").message, HasSubstr(c.message)) << c.name;
    EXPECT_EQ(artefact(got, "threadcreate.pb.gz"), nullptr) << c.name;
    EXPECT_EQ(outcome(got, "allocs").outcome, "ok") << c.name;
  }
}

TEST(HostileTarget, KeepsTheFirstPartOfWhatCanBeReadInPart) {
  const TcpServer server(fake_pprof("/debug/pprof/goroutine?debug=2", [](Connection& c) {
    c.send("HTTP/1.1 200 OK\r\n\r\n");
    while (c.send("goroutine 1 [running]:\n")) {
    }
  }));
  const auto got = run(server, quick_plan({"goroutine.debug2"}));
  EXPECT_EQ(outcome(got, "goroutine.debug2").outcome, "partial");
  EXPECT_EQ(outcome(got, "goroutine.debug2").message, "larger than the limit of 100000 bytes");
  const Collected* dump = artefact(got, "goroutine.debug2.1.txt");
  ASSERT_NE(dump, nullptr);
  EXPECT_TRUE(dump->partial);
  EXPECT_EQ(dump->bytes.size(), 100'000U);
}

TEST(HostileTarget, ASnapshotThatHangsAtTheStartDoesNotCostTheSecond) {
  std::atomic<int> asked{0};
  const TcpServer server(fake_pprof("/debug/pprof/heap", [&](Connection& c) {
    if (asked++ == 0) return c.hang();
    c.answer("200 OK", "application/octet-stream", "second");
  }));
  CollectPlan plan = quick_plan({"heap"});
  plan.limits["heap"].seconds = 0.3;
  const auto got = run(server, plan);
  EXPECT_EQ(outcome(got, "heap").outcome, "partial");
  EXPECT_EQ(outcome(got, "heap").message, "1 of 2 not whole: no answer in time");
  EXPECT_EQ(artefact(got, "heap.2.pb.gz")->bytes, "second");
}

TEST(HostileTarget, HoldsToTheTotal) {
  const TcpServer server(fake_pprof("/debug/pprof/allocs", [](Connection& c) {
    c.answer("200 OK", "application/octet-stream", std::string(90'000, 'x'));
  }));
  CollectPlan plan = quick_plan({"allocs", "threadcreate"});
  plan.max_total_bytes = 50'000;
  const auto got = run(server, plan);
  EXPECT_EQ(outcome(got, "allocs").message,
            "all artefacts of the target are larger than the limit of 50000 bytes");
  EXPECT_EQ(artefact(got, "allocs.pb.gz"), nullptr);
}

TEST(HostileTarget, ReportsACpuProfileInUse) {
  const TcpServer server(fake_pprof("/debug/pprof/profile", [](Connection& c) {
    c.answer("500 Internal Server Error", "text/plain",
             "Could not enable CPU profiling: cpu profiling already in use\n");
  }));
  const auto got = run(server, quick_plan({"cpu"}));
  EXPECT_EQ(outcome(got, "cpu").outcome, "failed");
  EXPECT_EQ(outcome(got, "cpu").message,
            "status 500: Could not enable CPU profiling: cpu profiling already in use");
  EXPECT_EQ(server.connections(), 2);  // the index, and cpu once
}

TEST(HostileTarget, NamesWhatIsNoPprofServer) {
  struct Case {
    const char* name;
    TcpServer::Handler handler;
    const char* message;
  };
  const Case cases[] = {
      {"another service", [](Connection& c) { c.answer("200 OK", "text/html", "<title>Shop</title>"); },
       "no Go pprof server: GET /debug/pprof/ gives a page that is not pprof's index; name the path"},
      {"login",
       [](Connection& c) {
         c.send("HTTP/1.1 302 Found\r\nLocation: https://sso.example/login?next=x\r\n\r\n");
       },
       "redirected to another server: https://sso.example/login;"},
      {"wrong token", [](Connection& c) { c.answer("401 Unauthorized", "text/plain", "who are you?"); },
       "not authorised (status 401): who are you?"},
      {"closes", [](Connection&) {}, "the connection was closed without an answer"},
      {"not HTTP", [](Connection& c) { c.send("220 smtp.example ESMTP\r\n"); }, "no valid HTTP answer"},
  };
  for (const auto& c : cases) {
    const TcpServer server([&](Connection& connection) {
      if (!connection.read_request().empty()) c.handler(connection);
    });
    const auto got = run(server, quick_plan({"cpu", "heap"}));
    ASSERT_TRUE(got.error) << c.name;
    EXPECT_EQ(got.error->where, server.url()) << c.name;
    EXPECT_THAT(got.error->what, HasSubstr(c.message)) << c.name;
    EXPECT_EQ(outcome(got, "cpu").outcome, "failed") << c.name;
    EXPECT_EQ(outcome(got, "cpu").message, got.error->what) << c.name;
    EXPECT_TRUE(got.artefacts.empty()) << c.name;
  }
}

TEST(HostileTarget, NeverPassesTheTimeout) {
  const TcpServer server(fake_pprof("/debug/pprof/", [](Connection& c) { c.hang(); }));
  CollectPlan plan = quick_plan({"cpu", "heap"});
  plan.timeout_seconds = 0.5;
  const auto got = run(server, plan);
  EXPECT_EQ(got.error->what, "no answer in time");
  EXPECT_EQ(outcome(got, "cpu").outcome, "timeout");
}

TEST(HostileTarget, CancelKeepsWhatIsThere) {
  CollectContext context;
  const TcpServer server(fake_pprof("/debug/pprof/profile", [&](Connection& c) {
    context.cancel.cancel();
    c.hang();
    while (c.send("")) std::this_thread::sleep_for(std::chrono::milliseconds(5));  // never answers
  }));
  const auto got = run(server, quick_plan({"cpu", "heap", "threadcreate"}), context);
  EXPECT_TRUE(got.cancelled);
  EXPECT_EQ(outcome(got, "cpu").outcome, "cancelled");
  EXPECT_EQ(outcome(got, "threadcreate").outcome, "cancelled");
  EXPECT_NE(artefact(got, "heap.1.pb.gz"), nullptr);
  EXPECT_EQ(artefact(got, "heap.2.pb.gz"), nullptr);
}

TEST(HostileTarget, UnknownCollectorsAreNamed) {
  const TcpServer server(fake_pprof());
  const auto got = run(server, quick_plan({"threadcreate", "heapp"}));
  EXPECT_EQ(outcome(got, "heapp").outcome, "failed");
  EXPECT_EQ(outcome(got, "heapp").message, "there is no collector of this name");
  EXPECT_EQ(outcome(got, "threadcreate").outcome, "ok");
}

TEST(HostileTarget, SeveralTargetsDoNotDisturbEachOther) {
  const TcpServer good(fake_pprof());
  const TcpServer bad([](Connection& c) {
    c.read_request();
    c.reset();
  });
  const auto got = collect({*parse_target(good.url()), *parse_target(bad.url()), *parse_target(good.url())},
                           quick_plan({"threadcreate"}), {});
  EXPECT_EQ(got[0].artefacts.at(0).artefact, "threadcreate.pb.gz");
  EXPECT_THAT(got[1].error->what, StartsWith("the connection was reset"));
  EXPECT_EQ(got[2].artefacts.at(0).artefact, "3.threadcreate.pb.gz");
}

}  // namespace
}  // namespace edp::collect
