#include "operator/act/actor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <future>

#include "common/audit/verify.h"
#include "common/mutex.h"
#include "common/testing/temp_dir.h"

namespace edp::act {
namespace {

// Answers each call as told, in order; the last answer stays.
class ScriptedApi final : public kube::Api {
 public:
  explicit ScriptedApi(std::deque<kube::Answer> answers) : answers_(std::move(answers)) {}
  kube::Answer call(const kube::Call& what, const CancelToken&) override {
    const MutexLock lock(mutex_);
    calls_.push_back(what.method + " " + what.path);
    kube::Answer answer = answers_.front();
    if (answers_.size() > 1) answers_.pop_front();
    return answer;
  }
  kube::Answer stream(const kube::Call&, std::chrono::milliseconds, const kube::BodySink&,
                      const CancelToken&) override {
    return {};
  }
  std::vector<std::string> calls() {
    const MutexLock lock(mutex_);
    return calls_;
  }

 private:
  Mutex mutex_;
  std::deque<kube::Answer> answers_ EDP_GUARDED_BY(mutex_);
  std::vector<std::string> calls_ EDP_GUARDED_BY(mutex_);
};

Step step(StepKind kind, const std::string& method, const std::string& path) {
  Step made{.kind = kind};
  made.call.method = method;
  made.call.path = path;
  return made;
}

kube::Answer status(int code, const std::string& body = "{}") {
  kube::Answer answer;
  answer.status = code;
  answer.body = body;
  return answer;
}

struct Case {
  const char* name;
  StepKind kind;
  int status;
  bool good;
};
class Perform : public ::testing::TestWithParam<Case> {};

TEST_P(Perform, KnowsWhatIsAsGood) {
  ScriptedApi api({status(GetParam().status)});
  const StepResult result = perform(api, step(GetParam().kind, "POST", "/x"), {});
  EXPECT_EQ(result.good, GetParam().good);
  EXPECT_EQ(result.problem.empty(), result.good);
}

INSTANTIATE_TEST_SUITE_P(Steps, Perform,
                         ::testing::Values(Case{"JobMade", StepKind::kCreateJob, 201, true},
                                           Case{"JobIsThere", StepKind::kCreateJob, 409, true},
                                           Case{"JobForbidden", StepKind::kCreateJob, 403, false},
                                           Case{"StatusConflict", StepKind::kRunStatus, 409, false},
                                           Case{"StatusOfAGoneRun", StepKind::kRunStatus, 404, true},
                                           Case{"GoneAlready", StepKind::kDelete, 404, true},
                                           Case{"DeleteOfAnother", StepKind::kDelete, 409, false},
                                           Case{"RunIsThere", StepKind::kCreateRun, 409, true},
                                           Case{"PatchOfNothing", StepKind::kPatch, 404, false},
                                           Case{"Outage", StepKind::kCreateJob, 503, false}),
                         [](const auto& tested) { return tested.param.name; });

TEST(Perform, NoAnswerIsNotGood) {
  kube::Answer none;
  none.failure = Error{"no answer in time", {}, {}};
  ScriptedApi api({none});
  const StepResult result = perform(api, step(StepKind::kCreateJob, "POST", "/x"), {});
  EXPECT_FALSE(result.good);
  EXPECT_EQ(result.status, 0);
}

TEST(Perform, AnExpiredEventIsMadeAnew) {
  ScriptedApi api({status(404), status(201)});
  Step event = step(StepKind::kEvent, "PATCH", "/events/a");
  event.create_path = "/events";
  EXPECT_TRUE(perform(api, event, {}).good);
  EXPECT_EQ(api.calls(), (std::vector<std::string>{"PATCH /events/a", "POST /events"}));
}

Outcome outcome_of(ScriptedApi& api, Task task) {
  std::promise<Outcome> promise;
  Actor actor(
      api, {.threads = 2, .on_outcome = [&](Outcome&& outcome) { promise.set_value(std::move(outcome)); }});
  actor.submit(std::move(task), true);
  return promise.get_future().get();
}

TEST(Actor, EndsATaskAtTheFirstFailure) {
  ScriptedApi api({status(200), status(409), status(201)});
  const Outcome outcome = outcome_of(
      api, {.key = "k",
            .steps = {step(StepKind::kPatch, "PATCH", "/a"), step(StepKind::kRunStatus, "PATCH", "/b"),
                      step(StepKind::kCreateJob, "POST", "/c")}});
  EXPECT_EQ(outcome.results.size(), 2U);
  EXPECT_FALSE(outcome.good());
  EXPECT_EQ(api.calls().size(), 2U);
}

// With a log on a disk that may be full.
struct Audited {
  edp::testing::TempDir dir;
  const std::string path = dir.path() / "a.jsonl";
  bool full = false;
  std::unique_ptr<audit::Log> log =
      std::move(*audit::Log::open({.path = path, .calls = {.write = [this](int fd, std::string_view bytes) {
                                                   return full ? ENOSPC : write_all(fd, bytes);
                                                 }}}));
  audit::Journal journal{*log};

  Step step_of(StepKind kind) const {
    Step made = step(kind, "POST", "/c");
    made.act = std::make_shared<const audit::Act>(audit::Act{.what = "job.create"});
    return made;
  }
  Outcome run(ScriptedApi& api, std::vector<Step> steps) {
    std::promise<Outcome> promise;
    Actor actor(api, {.threads = 2, .journal = &journal, .on_outcome = [&](Outcome&& outcome) {
                        promise.set_value(std::move(outcome));
                      }});
    actor.submit({.key = "k", .steps = std::move(steps)}, true);
    return promise.get_future().get();  // then the actor ends, and the last outcome is on the disk
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> told;
    (void)audit::for_each_line(path, [&](std::string_view text, uint64_t, bool) {
      const auto line = audit::parse_line(text);
      if (line && line->act == "job.create") {
        told.push_back(line->outcome + (line->intent ? " of " + std::to_string(*line->intent) : ""));
      }
      return true;
    });
    return told;
  }
};

TEST(Actor, AnActIsInTheAuditBeforeAndAfter) {
  Audited audited;
  ScriptedApi api({status(201), status(403), status(409)});
  EXPECT_TRUE(audited.run(api, {audited.step_of(StepKind::kCreateJob)}).good());
  EXPECT_FALSE(audited.run(api, {audited.step_of(StepKind::kCreateJob)}).good());
  EXPECT_TRUE(audited.run(api, {audited.step_of(StepKind::kCreateJob)}).good());
  EXPECT_EQ(audited.lines(), (std::vector<std::string>{"intended", "done of 2", "intended", "refused of 4",
                                                       "intended", "done of 6"}));
}

TEST(Actor, AnActThatCantBeAuditedIsNotCarriedOut) {
  Audited audited;
  ScriptedApi api({status(201)});
  audited.full = true;
  // What is no act goes on: a status, an event.
  const Outcome refused = audited.run(
      api, {step(StepKind::kRunStatus, "PATCH", "/status"), audited.step_of(StepKind::kCreateJob)});
  EXPECT_EQ(api.calls(), (std::vector<std::string>{"PATCH /status"}));
  ASSERT_EQ(refused.results.size(), 2U);
  EXPECT_FALSE(refused.results[1].sent);
  EXPECT_NE(refused.results[1].problem.find("can't be audited: " + audited.path +
                                            ": cannot be written: No space left"),
            std::string::npos)
      << refused.results[1].problem;
  audited.full = false;
  EXPECT_TRUE(audited.run(api, {audited.step_of(StepKind::kCreateJob)}).good());
  EXPECT_EQ(audited.lines(), (std::vector<std::string>{"intended", "done of 2"}));
}

TEST(Actor, AnEventThatFailsCostsNothingElse) {
  ScriptedApi api({status(403), status(201)});
  const Outcome outcome = outcome_of(
      api, {.key = "k",
            .steps = {step(StepKind::kEvent, "POST", "/e"), step(StepKind::kCreateJob, "POST", "/c")}});
  EXPECT_EQ(outcome.results.size(), 2U);
  EXPECT_TRUE(outcome.good());
}

// Answers nothing before it is told to.
class SlowApi final : public kube::Api {
 public:
  kube::Answer call(const kube::Call& what, const CancelToken&) override {
    const MutexLock lock(mutex_);
    paths_.push_back(what.path);
    changed_.notify_all();
    while (!open_) changed_.wait(mutex_);
    return status(201);
  }
  kube::Answer stream(const kube::Call&, std::chrono::milliseconds, const kube::BodySink&,
                      const CancelToken&) override {
    return {};
  }
  // The first `count` paths that were asked for, sorted.
  std::vector<std::string> wait_for(size_t count) {
    const MutexLock lock(mutex_);
    while (paths_.size() < count) changed_.wait(mutex_);
    std::vector<std::string> first(paths_.begin(), paths_.begin() + static_cast<ptrdiff_t>(count));
    std::ranges::sort(first);
    return first;
  }
  void open() {
    const MutexLock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::string> paths_ EDP_GUARDED_BY(mutex_);
  bool open_ EDP_GUARDED_BY(mutex_) = false;
};

TEST(Actor, EventsHoldNothingUp) {
  SlowApi api;
  Actor actor(api, {.threads = 4});
  for (int i = 0; i < 10; ++i)
    actor.submit({.key = "events", .steps = {step(StepKind::kEvent, "POST", "/event")}}, true);
  EXPECT_EQ(api.wait_for(2), (std::vector<std::string>{"/event", "/event"}));
  actor.submit({.key = "a", .steps = {step(StepKind::kRunStatus, "PATCH", "/status")}}, false);
  actor.submit({.key = "b", .steps = {step(StepKind::kCreateJob, "POST", "/job")}}, true);
  EXPECT_EQ(api.wait_for(4), (std::vector<std::string>{"/event", "/event", "/job", "/status"}));
  api.open();
  (void)api.wait_for(12);
}

TEST(Actor, GivesTheObjectsBack) {
  ScriptedApi api({status(
      201, R"({"metadata":{"name":"edp-1","namespace":"diagnostic-system","uid":"u","resourceVersion":"7",
                "labels":{"edp.dev/run-uid":"r"}}})")});
  const Outcome outcome = outcome_of(api, {.key = "k", .steps = {step(StepKind::kCreateJob, "POST", "/c")}});
  const auto* job = std::get_if<watch::JobRecord>(&outcome.results[0].object);
  ASSERT_NE(job, nullptr);
  EXPECT_EQ(job->name, "edp-1");
  EXPECT_EQ(job->run_uid, "r");
}

TEST(Actor, StopDropsWhatWaits) {
  ScriptedApi api({status(200)});
  Actor actor(api, {.threads = 1});
  actor.stop(std::chrono::milliseconds(100));
  actor.submit({.key = "late", .steps = {step(StepKind::kPatch, "PATCH", "/a")}}, false);
  EXPECT_EQ(actor.pending(), 0U);
  EXPECT_TRUE(api.calls().empty());
}

}  // namespace
}  // namespace edp::act
