// Against real Go programs. What a profile holds is the decoder's business; here it is that it came, whole.
#include "runner/collect/testdata/go_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "common/testing/temp_dir.h"
#include "common/testing/tls_identity.h"
#include "runner/collect/collect.h"

namespace edp::collect {
namespace {

using edp::testing::GoServer;
using edp::testing::TempDir;
using edp::testing::TlsIdentity;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TargetCollection run(const std::string& url, CollectPlan plan, const CollectContext& context = {}) {
  const auto target = parse_target(url);
  if (!target) {
    ADD_FAILURE() << target.error().to_string();
    return {};
  }
  auto got = collect({*target}, plan, context);
  return std::move(got.front());
}

CollectPlan plan_of(std::vector<std::string> collectors, double window = 1) {
  CollectPlan plan;
  plan.collectors = std::move(collectors);
  plan.window_seconds = window;
  return plan;
}

std::string outcome(const TargetCollection& got, std::string_view collector) {
  for (const auto& outcome : got.outcomes) {
    if (outcome.collector == collector)
      return outcome.outcome + (outcome.message.empty() ? "" : ": " + outcome.message);
  }
  return "none";
}

const Collected* artefact(const TargetCollection& got, std::string_view name) {
  for (const auto& artefact : got.artefacts) {
    if (artefact.artefact == name) return &artefact;
  }
  return nullptr;
}

bool is_gzip(const Collected* artefact) {
  return artefact != nullptr && artefact->bytes.starts_with("\x1f\x8b");
}

TEST(GoTarget, GivesEverything) {
  const GoServer server({"-mutex-fraction", "7"});
  std::atomic<int> started{0}, finished{0};
  CollectContext context;
  context.progress = [&](const Progress& p) {
    started += p.kind == Progress::Kind::kCollectorStarted ? 1 : 0;
    finished += p.kind == Progress::Kind::kCollectorFinished ? 1 : 0;
  };
  const auto got = run(server.url(), plan_of({}), context);
  EXPECT_FALSE(got.error);
  EXPECT_FALSE(got.cancelled);
  EXPECT_EQ(got.mutex_fraction, 7);
  EXPECT_EQ(got.outcomes.size(), all_collectors().size());
  for (const auto& info : all_collectors()) {
    EXPECT_EQ(outcome(got, info.name),
              info.name == "metrics" ? "absent: not there (status 404): 404 page not found" : "ok")
        << info.name;
  }
  for (const char* name :
       {"cpu.pb.gz", "heap.1.pb.gz", "heap.2.pb.gz", "heap.delta.pb.gz", "allocs.pb.gz", "allocs.delta.pb.gz",
        "goroutine.1.pb.gz", "goroutine.2.pb.gz", "goroutine.3.pb.gz", "goroutine.delta.pb.gz", "mutex.pb.gz",
        "mutex.delta.pb.gz", "block.pb.gz", "block.delta.pb.gz", "threadcreate.pb.gz"}) {
    EXPECT_TRUE(is_gzip(artefact(got, name))) << name;
  }
  EXPECT_THAT(artefact(got, "goroutine.debug2.1.txt")->bytes, HasSubstr("goroutine 1 ["));
  EXPECT_THAT(artefact(got, "goroutine.debug2.2.txt")->bytes, HasSubstr("goroutine 1 ["));
  EXPECT_THAT(artefact(got, "mutex.rate.txt")->bytes, HasSubstr("sampling period=7\n"));
  EXPECT_THAT(artefact(got, "memstats.1.txt")->bytes, HasSubstr("# Mallocs = "));
  EXPECT_THAT(artefact(got, "memstats.5.txt")->bytes, HasSubstr("# HeapInuse = "));
  EXPECT_THAT(artefact(got, "vars.5.json")->bytes, HasSubstr("\"memstats\""));
  for (int i = 1; i <= 3; ++i) {
    const Collected* trace = artefact(got, "trace." + std::to_string(i) + ".out");
    ASSERT_NE(trace, nullptr);
    EXPECT_THAT(trace->bytes, StartsWith("go 1."));
    EXPECT_EQ(trace->window_seconds, 0.08);
  }
  const Collected* cpu = artefact(got, "cpu.pb.gz");
  const Collected* delta = artefact(got, "heap.delta.pb.gz");
  EXPECT_EQ(cpu->window_seconds, 1);
  EXPECT_FALSE(cpu->is_delta);
  EXPECT_TRUE(delta->is_delta);
  EXPECT_EQ(delta->window_seconds, 2);
  EXPECT_LT(delta->started_at, cpu->started_at);
  EXPECT_LT(artefact(got, "heap.1.pb.gz")->ended_at, artefact(got, "heap.2.pb.gz")->started_at);
  EXPECT_LT(artefact(got, "goroutine.1.pb.gz")->ended_at, artefact(got, "goroutine.2.pb.gz")->started_at);
  EXPECT_EQ(started, finished);
  EXPECT_TRUE(std::is_sorted(got.artefacts.begin(), got.artefacts.end(),
                             [](const Collected& a, const Collected& b) { return a.ended_at < b.ended_at; }));
}

TEST(GoTarget, SaysThatMutexProfilingIsOff) {
  const GoServer server({});
  EXPECT_EQ(run(server.url(), plan_of({"mutex.rate"})).mutex_fraction, 0);
}

TEST(GoTarget, GivesItsFlightRecorderInsteadOfWindows) {
  const GoServer server({"-base", "/app", "-flight-recorder", "/app/debug/flightrecorder"});
  CollectPlan plan = plan_of({"trace", "cpu"});
  plan.flight_recorder = "/debug/flightrecorder";
  const auto got = run(server.url() + "/app", plan);
  EXPECT_EQ(outcome(got, "trace"), "ok");
  const Collected* trace = artefact(got, "trace.out");
  ASSERT_NE(trace, nullptr);
  EXPECT_THAT(trace->bytes, StartsWith("go 1."));
  EXPECT_EQ(artefact(got, "trace.1.out"), nullptr);
  // It is asked at the window's end, so that it has seen what the CPU profile has.
  EXPECT_GE(trace->started_at, artefact(got, "cpu.pb.gz")->started_at + 0.9);
}

TEST(GoTarget, WithoutAFlightRecorderGivesWindows) {
  // A page that is no trace stands where the recorder's would be.
  const GoServer server({"-base", "/app"});
  CollectPlan plan = plan_of({"trace"});
  for (const char* path : {"/debug/flightrecorder", "/debug/vars"}) {
    plan.flight_recorder = path;
    const auto got = run(server.url() + "/app", plan);
    EXPECT_EQ(outcome(got, "trace"), "ok") << path;
    EXPECT_NE(artefact(got, "trace.3.out"), nullptr) << path;
  }
}

TEST(GoTarget, IsFoundBelowAnyPath) {
  const GoServer server({"-base", "/internal/app"});
  for (const char* path : {"/internal/app", "/internal/app/", "/internal/app/debug",
                           "/internal/app/debug/pprof", "/internal/app/debug/pprof/heap?debug=1"}) {
    const auto got = run(server.url() + path, plan_of({"threadcreate", "vars"}));
    EXPECT_EQ(outcome(got, "threadcreate"), "ok") << path;
    EXPECT_EQ(outcome(got, "vars"), "ok") << path;
  }
  const auto lost = run(server.url(), plan_of({"threadcreate"}));
  ASSERT_TRUE(lost.error);
  EXPECT_EQ(lost.error->to_string(),
            server.url() +
                ": no Go pprof server: GET /debug/pprof/ gives not there (status "
                "404): 404 page not found; name the path of its pprof pages in the URL");
  EXPECT_THAT(outcome(lost, "threadcreate"), StartsWith("failed: no Go pprof server"));
}

TEST(GoTarget, IsFoundWithoutAnIndex) {
  const GoServer server({"-no-index"});
  const auto got = run(server.url(), plan_of({"threadcreate", "heap"}));
  EXPECT_FALSE(got.error);
  EXPECT_EQ(outcome(got, "threadcreate"), "absent: not there (status 404): 404 page not found");
  EXPECT_EQ(outcome(got, "heap"), "ok");
}

TEST(GoTarget, IsReachedByTlsAndToken) {
  const TlsIdentity identity;
  const TempDir folder;
  const GoServer server({"-cert", folder.write("cert.pem", identity.certificate_pem()), "-key",
                         folder.write("key.pem", identity.key_pem()), "-token", "s3cret"});
  const std::string url = "https://" + server.address();
  CollectPlan plan = plan_of({"cpu", "heap"});
  plan.access.ca_file = folder.write("ca.pem", identity.ca_pem());
  plan.access.token_file = folder.write("token", "s3cret\n");
  const auto got = run(url, plan);
  EXPECT_EQ(outcome(got, "cpu"), "ok");
  EXPECT_EQ(outcome(got, "heap"), "ok");

  plan.access.token_file = folder.write("wrong", "wrong");
  EXPECT_EQ(run(url, plan).error->what, "not authorised (status 401): wrong token");
  plan.access.ca_file.clear();
  EXPECT_THAT(run(url, plan).error->what, StartsWith("TLS certificate not trusted: "));
  EXPECT_THAT(run(server.url(), plan).error->what,
              HasSubstr("Client sent an HTTP request to an HTTPS server"));
}

TEST(GoTarget, IsReachedByPassword) {
  const GoServer server({"-user", "me:s3cret"});
  const auto got = run("http://me:s3cret@" + server.address(), plan_of({"heap"}));
  EXPECT_EQ(outcome(got, "heap"), "ok");
  EXPECT_EQ(got.artefacts.at(0).target, server.url());
  const TempDir folder;
  CollectPlan plan = plan_of({"heap"});
  plan.access.user = "me";
  plan.access.password_file = folder.write("password", "s3cret\n");
  EXPECT_EQ(outcome(run(server.url(), plan), "heap"), "ok");
}

TEST(GoTarget, ThatProfilesItselfKeepsItsCpuProfile) {
  const GoServer server({"-profile-self"});
  const auto got = run(server.url(), plan_of({"cpu", "heap"}));
  EXPECT_EQ(outcome(got, "cpu"),
            "failed: status 500: Could not enable CPU profiling: cpu profiling already in use");
  EXPECT_EQ(outcome(got, "heap"), "ok");
}

TEST(GoTarget, CutsTheWindowToTheWriteTimeoutOfOldGo) {
  const GoServer server({"-write-timeout", "3s"}, "go1.21.13");
  const auto got = run(server.url(), plan_of({"cpu", "heap.delta"}, 5));
  EXPECT_EQ(outcome(got, "cpu"),
            "partial: window cut from 5 to 2 s: the server's WriteTimeout allows no more");
  EXPECT_EQ(outcome(got, "heap.delta"),
            "partial: window cut from 6 to 1 s: the server's WriteTimeout allows no more");
  EXPECT_EQ(artefact(got, "cpu.pb.gz")->window_seconds, 2);
  EXPECT_TRUE(is_gzip(artefact(got, "cpu.pb.gz")));
}

TEST(GoTarget, GivesAShorterCpuProfileOnCancel) {
  const GoServer server({});
  CollectContext context;
  std::thread canceller;
  context.progress = [&](const Progress& p) {
    if (p.kind != Progress::Kind::kCollectorStarted || p.collector != "cpu") return;
    canceller = std::thread([&] {
      (void)CancelToken().sleep_for(std::chrono::milliseconds(500));  // the server has begun by then
      context.cancel.cancel();
    });
  };
  CollectPlan plan = plan_of({"cpu", "heap", "heap.delta"}, 3000);
  plan.timeout_seconds = 4000;
  const auto got = run(server.url(), plan, context);
  canceller.join();
  EXPECT_TRUE(got.cancelled);
  EXPECT_THAT(outcome(got, "cpu"), StartsWith("partial: cancelled after "));
  ASSERT_TRUE(is_gzip(artefact(got, "cpu.pb.gz")));
  EXPECT_LT(artefact(got, "cpu.pb.gz")->window_seconds, 3000);
  EXPECT_EQ(outcome(got, "heap.delta"), "cancelled: cancelled");
  EXPECT_EQ(outcome(got, "heap"), "partial: 1 of 2 not whole: cancelled");
}

TEST(GoTarget, FitsTheWindowIntoTheTimeout) {
  const GoServer server({});
  CollectPlan plan = plan_of({"cpu"}, 3000);
  plan.timeout_seconds = 8;
  const auto got = run(server.url(), plan);
  EXPECT_THAT(outcome(got, "cpu"),
              ::testing::MatchesRegex("partial: window cut from 3000 to [1-4] s to fit the timeout"));
  plan.timeout_seconds = 3;
  EXPECT_EQ(outcome(run(server.url(), plan), "cpu"), "timeout: the timeout leaves no time for a window");
}

TEST(GoTarget, WithManyGoroutinesIsNotMadeToStandStill) {
  const GoServer server({"-goroutines", "5000"});
  CollectPlan plan = plan_of({"goroutine.debug2"});
  plan.max_goroutines_for_dump = 4000;
  EXPECT_THAT(outcome(run(server.url(), plan), "goroutine.debug2"),
              StartsWith("absent: left out: the target has 50"));
  plan.max_goroutines_for_dump = 10'000;
  EXPECT_EQ(outcome(run(server.url(), plan), "goroutine.debug2"), "ok");
}

}  // namespace
}  // namespace edp::collect
