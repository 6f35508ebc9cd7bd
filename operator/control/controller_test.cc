#include "operator/control/controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/watch/readers.h"

namespace edp::control {
namespace {

using nlohmann::json;

// A leader that knows its cluster, and an actor that does what the test says.
class Desk : public testing::Test {
 protected:
  Desk()
      : controller_(
            {.identity = "test"}, metrics_, directory_,
            [this](act::Task task, bool) { tasks_.push_back(std::move(task)); },
            [](std::vector<probe::Target>) {}) {
    sync<watch::JobRecord>();
    sync<watch::RunRecord>();
    sync<watch::ProfileRecord>();
    sync<watch::PolicyRecord>();
    sync<watch::QuotaRecord>();
    controller_.handle(watch::Delta<watch::PodRecord>{watch::DeltaKind::kSyncBegin, {}}, now_);
    tell(read(watch::read_pod(pod().dump())));
    controller_.handle(watch::Delta<watch::PodRecord>{watch::DeltaKind::kSyncEnd, {}}, now_);
    controller_.handle(LeadershipChanged{true}, now_);
    (void)controller_.work(now_);
  }

  template <typename T>
  static T read(Result<T> record) {
    EXPECT_TRUE(record) << record.error().to_string();
    return std::move(*record);
  }
  template <typename T>
  void sync() {
    controller_.handle(watch::Delta<T>{watch::DeltaKind::kSyncBegin, T()}, now_);
    controller_.handle(watch::Delta<T>{watch::DeltaKind::kSyncEnd, T()}, now_);
  }
  template <typename T>
  void tell(T object) {
    controller_.handle(watch::Delta<T>{watch::DeltaKind::kUpsert, std::move(object)}, now_);
  }
  static json pod() {
    return {{"metadata",
             {{"name", "checkout-0"},
              {"namespace", "shop"},
              {"uid", "pod-uid"},
              {"resourceVersion", "5"},
              {"labels", {{"edp-enabled", "true"}}}}},
            {"spec", {{"containers", json::array({{{"name", "app"}}})}}},
            {"status",
             {{"phase", "Running"},
              {"podIP", "10.1.2.3"},
              {"conditions", json::array({{{"type", "Ready"}, {"status", "True"}}})}}}};
  }
  void apply_run(const json& status = json::object(), const char* created = "2026-01-02T03:04:05Z") {
    run_ = {{"metadata",
             {{"name", "why-slow"},
              {"namespace", "shop"},
              {"uid", "run-uid"},
              {"resourceVersion", "10"},
              {"generation", 1},
              {"creationTimestamp", created}}},
            {"spec", {{"target", {{"pod", "checkout-0"}}}, {"profile", "light"}}},
            {"status", status}};
    tell(read(watch::read_run(run_.dump())));
    (void)controller_.work(now_);
  }
  void apply_quota(const char* cpu) {
    const json hard = {{"requests.cpu", cpu}};
    tell(read(watch::read_quota(json{{"metadata", {{"name", "q"}, {"uid", "q"}, {"resourceVersion", "7"}}},
                                     {"status", {{"hard", hard}, {"used", {{"requests.cpu", "0"}}}}}}
                                    .dump())));
  }

  // Answers the one task of the run that waits: each step by `answer`, which may refuse or lose it.
  using Answer = std::function<void(const act::Step&, act::StepResult&)>;
  std::vector<std::string> carry_out(const Answer& answer = {}) {
    std::vector<std::string> calls;
    std::vector<act::Task> tasks = std::exchange(tasks_, {});
    for (const act::Task& task : tasks) {
      act::Outcome outcome{.key = task.key, .results = {}};
      for (const act::Step& step : task.steps) {
        calls.push_back(step.call.method + " " + step.call.path);
        act::StepResult result{.kind = step.kind, .good = true, .status = 200};
        if (step.kind == act::StepKind::kRunStatus) {
          run_.merge_patch(json::parse(step.call.body));
          run_["metadata"]["resourceVersion"] = std::to_string(++version_);
          result.object = read(watch::read_run(run_.dump()));
        }
        if (answer) answer(step, result);
        outcome.results.push_back(std::move(result));
        if (!outcome.results.back().good && step.kind != act::StepKind::kEvent) break;
      }
      controller_.handle(std::move(outcome), now_);
    }
    return calls;
  }
  void later(double seconds) {
    now_ += seconds;
    (void)controller_.work(now_);
  }
  [[nodiscard]] std::string condition(const char* type) const {
    for (const json& one : run_["status"].value("conditions", json::array())) {
      if (one["type"] == type)
        return one["status"].get<std::string>() + " " + one["reason"].get<std::string>();
    }
    return "-";
  }

  double now_ = 1'800'000'000;
  int version_ = 100;
  publish::Metrics metrics_;
  Directory directory_;
  std::vector<act::Task> tasks_;
  json run_;
  Controller controller_;
};

constexpr const char* kCreate = "POST /apis/batch/v1/namespaces/diagnostic-system/jobs";
constexpr const char* kStatus = "PATCH /apis/edp.dev/v1alpha1/namespaces/shop/diagnosticruns/why-slow/status";
using testing::Contains;
using testing::Not;

TEST_F(Desk, TargetsAreStoredBeforeTheJobIsMade) {
  apply_run();
  EXPECT_THAT(carry_out(), testing::ElementsAre(kStatus, kCreate));
  EXPECT_EQ(condition("Accepted"), "True TargetsChosen");
}

TEST_F(Desk, OfAPodThatAYoungRunNamesTheJobComesFirst) {
  apply_run(json::object(), "2027-01-15T07:59:30Z");  // half a minute ago
  EXPECT_THAT(carry_out(), testing::ElementsAre(kCreate, kStatus));
}

TEST_F(Desk, AJobThatWasRefusedWaitsBehindTheStatusFromThenOn) {
  apply_run(json::object(), "2027-01-15T07:59:30Z");
  const auto refuse = [](const act::Step& step, act::StepResult& result) {
    if (step.kind == act::StepKind::kCreateJob) result = {.kind = step.kind, .good = false, .status = 403};
  };
  EXPECT_THAT(carry_out(refuse), testing::ElementsAre(kCreate));
  later(1);
  EXPECT_THAT(carry_out(refuse), testing::ElementsAre(kStatus, kCreate));
  EXPECT_EQ(condition("Accepted"), "True TargetsChosen");
}

TEST_F(Desk, OneTaskOfARunAtATime) {
  apply_run();
  ASSERT_EQ(tasks_.size(), 1U);
  tell(read(watch::read_run(run_.dump())));
  later(1);
  EXPECT_EQ(tasks_.size(), 1U) << "the first has not ended";
}

TEST_F(Desk, ACreateWithoutAnAnswerIsSentAgainAtOnce) {
  apply_run();
  const auto lost = carry_out([](const act::Step& step, act::StepResult& result) {
    if (step.kind != act::StepKind::kCreateJob) return;
    result.good = false;
    result.status = 0;
    result.problem = "no answer";
  });
  ASSERT_THAT(lost, Contains(kCreate));
  later(1);
  EXPECT_THAT(carry_out(), Contains(kCreate));
}

TEST_F(Desk, AConflictOfTheStatusIsTriedAgain) {
  apply_run();
  const auto conflict = carry_out([](const act::Step& step, act::StepResult& result) {
    if (step.kind != act::StepKind::kRunStatus) return;
    result = {.kind = step.kind, .good = false, .status = 409};
    result.problem = "409 Conflict";
  });
  EXPECT_THAT(conflict, testing::ElementsAre(kStatus));
  later(1);
  EXPECT_THAT(carry_out(), testing::ElementsAre(kStatus, kCreate));
}

TEST_F(Desk, AQuotaThatIsDeletedLimitsNoMore) {
  apply_quota("10m");
  apply_run();
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(carry_out(), Not(Contains(kCreate)));
    later(1);
  }
  EXPECT_EQ(condition("Failed"), "True QuotaTooSmall");
  apply_quota("1");
  watch::QuotaRecord gone;
  gone.name = "q";
  gone.uid = "q";
  apply_quota("10m");
  controller_.handle(watch::Delta<watch::QuotaRecord>{watch::DeltaKind::kDelete, std::move(gone)}, now_);
  run_["metadata"]["name"] = "again";
  run_["metadata"]["uid"] = "run-2";
  run_["status"] = json::object();
  tell(read(watch::read_run(run_.dump())));
  std::vector<std::string> all;
  for (int i = 0; i < 5; ++i) {
    later(1);
    for (std::string& call : carry_out()) all.push_back(std::move(call));
  }
  EXPECT_THAT(all, Contains(kCreate));
}

TEST_F(Desk, WhoDoesNotLeadDoesNothing) {
  controller_.handle(LeadershipChanged{false}, now_);
  apply_run();
  later(5);
  EXPECT_TRUE(tasks_.empty());
  controller_.handle(LeadershipChanged{true}, now_);
  later(0);
  EXPECT_FALSE(tasks_.empty()) << "a new leader looks at everything";
}

TEST_F(Desk, JobsOfARunThatIsGoneAreDeleted) {
  tell(read(watch::read_job(json{{"metadata",
                                  {{"name", "edp-1"},
                                   {"namespace", "diagnostic-system"},
                                   {"uid", "job-uid"},
                                   {"resourceVersion", "9"},
                                   {"labels", {{"edp.dev/run-uid", "gone"}}}}},
                                 {"spec", {{"template", {{"spec", {{"containers", json::array()}}}}}}}}
                                .dump())));
  later(3);
  EXPECT_THAT(carry_out(), Contains("DELETE /apis/batch/v1/namespaces/diagnostic-system/jobs/edp-1"));
}

}  // namespace
}  // namespace edp::control
