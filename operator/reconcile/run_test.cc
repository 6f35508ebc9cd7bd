#include "operator/reconcile/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/reconcile/status.h"
#include "operator/reconcile/testing/run_world.h"

namespace edp::reconcile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::pod;
using testing::run;
using testing::RunWorld;
using ::testing::SizeIs;
using testing::summary;

std::string reason(const RunWorld& world, const char* type) {
  const watch::Condition* condition = find_condition(world.run.status, type);
  return condition == nullptr ? "-" : condition->status + " " + condition->reason;
}

std::string message(const RunWorld& world, const char* type) {
  const watch::Condition* condition = find_condition(world.run.status, type);
  return condition == nullptr ? "-" : condition->message;
}

// Where there is room at once, the first pass says where everything goes.
RunOutput with_room(RunWorld& world) {
  world.ledger.wish(world.run.uid, reconcile_run(world.input(), world.settings).wishes);
  (void)world.ledger.admit(world.now);
  return reconcile_run(world.input(), world.settings);
}

TEST(Run, OfANamedPodTheJobNeedNotWaitForTheStatus) {
  RunWorld named(run("checkout-7d4b9-0"));
  named.add_pods(1);
  const RunOutput first = with_room(named);
  EXPECT_TRUE(first.status);
  ASSERT_THAT(first.actions, SizeIs(1));
  EXPECT_TRUE(first.actions[0].early);

  RunWorld old(run("checkout-7d4b9-0"));
  old.add_pods(1);
  old.now += 60;
  ASSERT_THAT(with_room(old).actions, SizeIs(1));
  EXPECT_FALSE(with_room(old).actions[0].early) << "a Job of it may have come and gone";

  RunWorld chosen(run());
  chosen.add_pods(1);
  ASSERT_THAT(with_room(chosen).actions, SizeIs(1));
  EXPECT_FALSE(with_room(chosen).actions[0].early) << "the next choice may be another";
}

TEST(Run, FromApplyToVerdict) {
  RunWorld world(run("checkout-7d4b9-0"));
  world.add_pods(1);
  const RunOutput first = world.step();
  ASSERT_TRUE(first.status);
  EXPECT_EQ(reason(world, "Accepted"), "True TargetsChosen");
  EXPECT_THAT(first.wishes, SizeIs(1));
  EXPECT_THAT(first.actions, IsEmpty()) << "nothing before there is room";
  EXPECT_EQ(reason(world, "Admitted"), "False Waiting");
  const RunOutput second = world.step();
  EXPECT_FALSE(second.status) << "one write is enough to say that it waits";
  ASSERT_THAT(second.actions, SizeIs(1));
  EXPECT_EQ(second.actions[0].name, job_name("run-uid", "uid-checkout-7d4b9-0", 1));
  EXPECT_EQ(second.actions[0].ns, "diagnostic-system");
  EXPECT_EQ(second.actions[0].target_uid, "uid-checkout-7d4b9-0");
  world.step();
  EXPECT_EQ(reason(world, "Admitted"), "True Admitted");
  EXPECT_EQ(reason(world, "Running"), "True Running");
  EXPECT_EQ(world.run.status.running, 1);
  EXPECT_EQ(world.run.status.started, 1001);
  world.now = 1030;
  world.end_well(1, 2);
  world.settle();
  EXPECT_EQ(reason(world, "Succeeded"), "True Diagnosed");
  EXPECT_EQ(reason(world, "Running"), "False Finished");
  EXPECT_EQ(reason(world, "Failed"), "-");
  EXPECT_EQ(world.run.status.verdict, "1 CRITICAL, 2 WARNING");
  EXPECT_EQ(world.run.status.gate_result, "Failed");
  EXPECT_EQ(world.run.status.completed, 1030);
  EXPECT_EQ(world.run.status.observed_generation, 1);
  ASSERT_THAT(world.run.status.worst, SizeIs(3));
  EXPECT_EQ(world.run.status.worst[0].pod, "checkout-7d4b9-0");
  EXPECT_THAT(world.run.status.report_url,
              HasSubstr("/api/v1/runs/shop/why-slow/run-uid/targets/uid-checkout-7d4b9-0/report.json"));
  EXPECT_EQ(world.run.status.report_digest, "sha256:" + std::string(64, 'a'));
  std::vector<std::string> told;
  for (const EventNote& event : world.events) told.push_back(event.object.kind + " " + event.reason);
  EXPECT_THAT(told, ElementsAre("DiagnosticRun TargetsChosen", "DiagnosticRun JobCreated",
                                "Pod DiagnosisStarted", "Pod Diagnosed", "DiagnosticRun Succeeded"));
  EXPECT_THAT(world.created, SizeIs(1));
  EXPECT_THAT(world.deleted, IsEmpty());
}

// --- which pods ---
struct ChoiceCase {
  const char* name;
  std::function<void(RunWorld&)> set;
  std::string accepted;  // condition after one pass
  std::vector<std::string> pods;
};
void PrintTo(const ChoiceCase& c, std::ostream* out) { *out << c.name; }
class RunChooses : public ::testing::TestWithParam<ChoiceCase> {};

TEST_P(RunChooses, Pods) {
  RunWorld world(run());
  GetParam().set(world);
  world.step();
  EXPECT_EQ(reason(world, "Accepted"), GetParam().accepted) << message(world, "Accepted");
  std::vector<std::string> pods;
  for (const watch::TargetStatus& target : world.run.status.targets) pods.push_back(target.pod);
  EXPECT_EQ(pods, GetParam().pods);
}

watch::PodRecord pod_with(const std::string& name, const std::function<void(watch::PodRecord&)>& change) {
  watch::PodRecord record = pod(name);
  change(record);
  return record;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, RunChooses,
    ::testing::Values(ChoiceCase{"of_a_deployment",
                                 [](RunWorld& w) { w.add_pods(2); },
                                 "True TargetsChosen",
                                 {"checkout-7d4b9-0", "checkout-7d4b9-1"}},
                      ChoiceCase{"not_of_another_deployment",
                                 [](RunWorld& w) {
                                   w.add(pod("mine"));
                                   w.add(pod_with("other", [](auto& p) {
                                     p.owner_name = watch::Symbol("checkout-api-7d4b9");
                                   }));
                                 },
                                 "True TargetsChosen",
                                 {"mine"}},
                      ChoiceCase{"of_a_replicaset",
                                 [](RunWorld& w) {
                                   w.run.target.workload_kind = "ReplicaSet";
                                   w.run.target.workload_name = "checkout-7d4b9";
                                   w.add_pods(1);
                                 },
                                 "True TargetsChosen",
                                 {"checkout-7d4b9-0"}},
                      ChoiceCase{"of_a_statefulset",
                                 [](RunWorld& w) {
                                   w.run.target.workload_kind = "StatefulSet";
                                   w.run.target.workload_name = "db";
                                   w.add_pods(1);
                                   w.add(pod_with("db-0", [](auto& p) {
                                     p.owner_kind = watch::Symbol("StatefulSet");
                                     p.owner_name = watch::Symbol("db");
                                   }));
                                 },
                                 "True TargetsChosen",
                                 {"db-0"}},
                      ChoiceCase{"by_labels",
                                 [](RunWorld& w) {
                                   w.run.target = {};
                                   w.run.target.selector = watch::Selector{{{.key = "app", .values = {"a"}}}};
                                   w.add(pod("a", {{"app", "a"}}));
                                   w.add(pod("b", {{"app", "b"}}));
                                 },
                                 "True TargetsChosen",
                                 {"a"}},
                      ChoiceCase{"by_the_workloads_selector",
                                 [](RunWorld& w) {
                                   w.workload = WorkloadState::kMissing;
                                   w.add_pods(1);
                                 },
                                 "False NoPodMatches",
                                 {}},
                      ChoiceCase{"one_by_name",
                                 [](RunWorld& w) {
                                   w.run.target = {.pod = "checkout-7d4b9-1"};
                                   w.add_pods(3);
                                 },
                                 "True TargetsChosen",
                                 {"checkout-7d4b9-1"}},
                      ChoiceCase{"ready_ones_then_the_newest",
                                 [](RunWorld& w) {
                                   w.add(pod_with("old", [](auto& p) { p.created = 1; }));
                                   w.add(pod_with("new", [](auto& p) { p.created = 3; }));
                                   w.add(pod_with("newest-unready", [](auto& p) {
                                     p.created = 9;
                                     p.ready = false;
                                   }));
                                   w.add(pod_with("middle", [](auto& p) { p.created = 2; }));
                                 },
                                 "True TargetsChosen",
                                 {"new", "middle", "old", "newest-unready"}},
                      ChoiceCase{
                          "not_those_that_end_or_have_not_begun",
                          [](RunWorld& w) {
                            w.add(pod_with("deleting", [](auto& p) { p.deleting = true; }));
                            w.add(pod_with("pending", [](auto& p) { p.phase = watch::PodPhase::kPending; }));
                            w.add(pod_with("done", [](auto& p) { p.phase = watch::PodPhase::kSucceeded; }));
                            w.add(pod_with("no-address", [](auto& p) { p.ip.clear(); }));
                          },
                          "False NoPodMatches",
                          {}},
                      ChoiceCase{"only_labelled_ones",
                                 [](RunWorld& w) {
                                   w.add(pod("yes"));
                                   w.add(pod("no", {}, false));
                                 },
                                 "True TargetsChosen",
                                 {"yes"}},
                      ChoiceCase{"none_is_labelled",
                                 [](RunWorld& w) { w.add(pod("no", {}, false)); },
                                 "False TargetNotEnabled",
                                 {}},
                      ChoiceCase{"the_label_must_say_true",
                                 [](RunWorld& w) { w.add(pod("no", {{"edp-enabled", "yes"}}, false)); },
                                 "False TargetNotEnabled",
                                 {}},
                      ChoiceCase{"none_at_all", [](RunWorld&) {}, "False NoPodMatches", {}},
                      ChoiceCase{"as_many_as_the_policy_allows",
                                 [](RunWorld& w) {
                                   w.policy = watch::PolicyRecord{.max_targets = 2};
                                   w.add_pods(5);
                                 },
                                 "True TargetsChosen",
                                 {"checkout-7d4b9-0", "checkout-7d4b9-1"}}),
    [](const auto& test) { return test.param.name; });

TEST(Run, AtMostTwentyFourTargets) {
  RunWorld world(run());
  world.add_pods(100);
  world.step();
  EXPECT_THAT(world.run.status.targets, SizeIs(24));
  EXPECT_THAT(message(world, "Accepted"), HasSubstr("24 of 100 pods"));
  EXPECT_EQ(world.run.status.matched, 24);
}

TEST(Run, WaitsHalfAMinuteForAPodToAppear) {
  RunWorld world(run());
  const RunOutput out = world.step();
  EXPECT_EQ(out.look_again, 1031);
  world.now = 1030;
  world.step();
  EXPECT_FALSE(finished(world.run.status));
  world.add_pods(1);
  world.step();
  EXPECT_EQ(reason(world, "Accepted"), "True TargetsChosen");
}

struct RefusalCase {
  const char* name;
  std::function<void(RunWorld&)> set;
  int64_t after;  // seconds
  std::string reason, text;
};
void PrintTo(const RefusalCase& c, std::ostream* out) { *out << c.name; }
class RunRefuses : public ::testing::TestWithParam<RefusalCase> {};

TEST_P(RunRefuses, WithAReason) {
  RunWorld world(run());
  world.add_pods(1);
  GetParam().set(world);
  world.step();
  if (GetParam().after > 0) {
    EXPECT_FALSE(finished(world.run.status));
    world.now += GetParam().after - 1;
    world.step();
    EXPECT_FALSE(finished(world.run.status));
    world.now += 1;
    world.step();
  }
  EXPECT_EQ(reason(world, "Accepted"), "False " + GetParam().reason);
  EXPECT_EQ(reason(world, "Failed"), "True " + GetParam().reason);
  EXPECT_EQ(reason(world, "Succeeded"), "False " + GetParam().reason);
  EXPECT_THAT(message(world, "Failed"), HasSubstr(GetParam().text));
  EXPECT_EQ(world.run.status.gate_result, "");
  EXPECT_NE(world.run.status.completed, 0);
  world.settle();
  EXPECT_THAT(world.created, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Cases, RunRefuses,
    ::testing::Values(
        RefusalCase{"unknown_profile", [](RunWorld& w) { w.run.profile = "nonesuch"; }, 5, "UnknownProfile",
                    "no DiagnosticProfile nonesuch"},
        RefusalCase{"no_pod", [](RunWorld& w) { w.pods.clear(); }, 30, "NoPodMatches",
                    "Deployment shop/checkout matches no pod (waited 30 s)"},
        RefusalCase{"no_such_workload", [](RunWorld& w) { w.workload = WorkloadState::kMissing; }, 30,
                    "NoPodMatches", "Deployment shop/checkout does not exist"},
        RefusalCase{"no_such_pod", [](RunWorld& w) { w.run.target = {.pod = "gone"}; }, 30, "NoPodMatches",
                    "pod shop/gone matches no pod"},
        RefusalCase{"not_labelled",
                    [](RunWorld& w) {
                      w.pods.clear();
                      w.add(pod("x", {}, false));
                    },
                    0, "TargetNotEnabled", "edp-enabled=true"},
        RefusalCase{"no_target", [](RunWorld& w) { w.run.target = {}; }, 0, "InvalidSpec", "names no pod"},
        RefusalCase{"profile_is_no_object",
                    [](RunWorld& w) { w.profile = watch::ProfileRecord{.name = "p", .diagnostic = "[1]"}; },
                    0, "InvalidSpec", "no object"},
        RefusalCase{"profile_too_large",
                    [](RunWorld& w) {
                      w.profile = watch::ProfileRecord{
                          .name = "p",
                          .diagnostic = R"({"description":")" + std::string(110'000, 'x') + "\"}"};
                    },
                    0, "InvalidSpec", "too large"},
        RefusalCase{"node_reach_is_off",
                    [](RunWorld& w) {
                      w.profile =
                          watch::ProfileRecord{.name = "p", .reach = watch::Reach::kNode, .diagnostic = "{}"};
                    },
                    0, "ReachNotAllowed", "a Job on their node"},
        RefusalCase{"ephemeral_reach_is_off",
                    [](RunWorld& w) {
                      w.profile = watch::ProfileRecord{
                          .name = "p", .reach = watch::Reach::kEphemeralContainer, .diagnostic = "{}"};
                      w.settings.allow_node = true;
                    },
                    0, "ReachNotAllowed", "an ephemeral container"}),
    [](const auto& test) { return test.param.name; });

TEST(Run, AProfileThatComesAMomentLaterIsTaken) {
  RunWorld world(run());
  world.add_pods(1);
  world.run.profile = "mine";
  world.step();
  EXPECT_EQ(reason(world, "Accepted"), "False UnknownProfile");
  world.profile = watch::ProfileRecord{.name = "mine", .diagnostic = R"({"collectors":["cpu"]})"};
  world.now += 2;
  world.step();
  EXPECT_EQ(reason(world, "Accepted"), "True TargetsChosen");
}

TEST(Run, SaysNothingWhileTheWorkloadIsAskedFor) {
  RunWorld world(run());
  world.add_pods(1);
  world.workload = WorkloadState::kAsking;
  const RunOutput out = world.step();
  EXPECT_FALSE(out.status);
  EXPECT_GT(out.look_again, world.now);
}

// --- how an attempt ends ---
struct EndCase {
  const char* name;
  std::function<void(RunWorld&)> end;  // of the only running Job
  std::string phase, reason;           // of the target afterwards
  std::string text;                    // in its message
  int32_t max_attempts = 3;
};
void PrintTo(const EndCase& c, std::ostream* out) { *out << c.name; }
class AttemptEnds : public ::testing::TestWithParam<EndCase> {};

TEST_P(AttemptEnds, AsItShould) {
  RunWorld world(run());
  world.add_pods(1);
  world.profile = watch::ProfileRecord{
      .name = "p", .max_attempts = GetParam().max_attempts, .diagnostic = R"({"collectors":["cpu"]})"};
  world.settle();
  ASSERT_THAT(world.created, SizeIs(1));
  world.now += 100;
  GetParam().end(world);
  world.step();
  const watch::TargetStatus& target = world.run.status.targets.at(0);
  EXPECT_EQ(target.phase, GetParam().phase) << target.reason << ": " << target.message;
  EXPECT_EQ(target.reason, GetParam().reason);
  EXPECT_THAT(target.message, HasSubstr(GetParam().text));
  if (target.phase == "Failed") {
    EXPECT_EQ(reason(world, "Failed"), "True " + GetParam().reason);
  }
  if (target.phase == "Succeeded") {
    EXPECT_TRUE(is_true(world.run.status, "Succeeded"));
  }
}

void waiting(RunWorld& world, const char* why) {
  watch::PodRecord& runner = world.runners.at(world.job().name);
  runner.phase = watch::PodPhase::kPending;
  runner.runner->waiting_reason = why;
  runner.runner->waiting_message = "Back-off pulling image \"edp:test\"";
}

INSTANTIATE_TEST_SUITE_P(
    Cases, AttemptEnds,
    ::testing::Values(
        EndCase{"well", [](RunWorld& w) { w.end_well(); }, "Succeeded", "", ""},
        EndCase{"unreachable",
                [](RunWorld& w) { w.end_badly(3, summary(3, 0, 0, true, "connection refused")); }, "Waiting",
                "TargetUnreachable", "attempt 1 of 3: nothing could be collected: connection refused"},
        EndCase{"unreachable_once_and_for_all", [](RunWorld& w) { w.end_badly(3); }, "Failed",
                "TargetUnreachable", "", 1},
        EndCase{"error", [](RunWorld& w) { w.end_badly(1, summary(1, 0, 0, false, "bad profile")); },
                "Waiting", "RunnerFailed", "exit status 1: bad profile"},
        EndCase{"crash_with_garbage", [](RunWorld& w) { w.end_badly(139, "Segmentation fault"); }, "Waiting",
                "RunnerFailed", "exit status 139"},
        EndCase{"out_of_memory",
                [](RunWorld& w) {
                  w.runners.at(w.job().name).last_termination.reason = watch::Symbol("OOMKilled");
                  w.end_badly(137);
                },
                "Waiting", "RunnerOOMKilled", "resources.limits.memory"},
        EndCase{"evicted", [](RunWorld& w) { w.end_job(w.job(), false, std::nullopt, ""); }, "Waiting",
                "RunnerLost", ""},
        EndCase{"deadline",
                [](RunWorld& w) { w.end_job(w.job(), false, std::nullopt, "", "DeadlineExceeded"); },
                "Failed", "DeadlineExceeded", "deadline"},
        EndCase{
            "deadline_while_uploading",
            [](RunWorld& w) { w.end_job(w.job(), false, 137, summary(2, 1, 0, false), "DeadlineExceeded"); },
            "Succeeded", "ReportNotStored", ""},
        EndCase{"report_not_stored_but_findings_known",
                [](RunWorld& w) { w.end_badly(1, summary(1, 1, 0, false, "507 disk full")); }, "Succeeded",
                "ReportNotStored", "507 disk full"},
        EndCase{"report_not_stored_and_no_findings_is_no_proof",
                [](RunWorld& w) { w.end_badly(1, summary(1, 0, 0, false, "507 disk full")); }, "Waiting",
                "RunnerFailed", "507 disk full"},
        EndCase{"complete_without_summary", [](RunWorld& w) { w.end_job(w.job(), true, 0, ""); }, "Failed",
                "ReportMissing", "left no summary"},
        EndCase{"complete_with_garbage", [](RunWorld& w) { w.end_job(w.job(), true, 0, "{\"schema\":"); },
                "Failed", "ReportMissing", "no JSON"},
        EndCase{"complete_and_the_pod_is_unknown",
                [](RunWorld& w) {
                  w.end_well();
                  w.runners.clear();
                },
                "Running", "", ""},
        EndCase{"complete_and_the_pod_stays_unknown",
                [](RunWorld& w) {
                  w.end_well();
                  w.runners.clear();
                  w.now += 30;
                },
                "Failed", "ReportMissing", ""},
        EndCase{"failed_and_the_pod_has_not_told_yet",
                [](RunWorld& w) {
                  w.end_badly(3);
                  w.runners.begin()->second.phase = watch::PodPhase::kRunning;
                },
                "Running", "", ""},
        EndCase{"image_missing_for_a_while", [](RunWorld& w) { waiting(w, "ImagePullBackOff"); }, "Failed",
                "ImagePullFailed", "Back-off pulling image"},
        EndCase{"image_missing_just_now",
                [](RunWorld& w) {
                  waiting(w, "ErrImagePull");
                  w.runners.begin()->second.ready_since = w.now - 59;
                },
                "Running", "ErrImagePull", "Back-off"},
        EndCase{"being_created", [](RunWorld& w) { waiting(w, "ContainerCreating"); }, "Running", "", ""},
        EndCase{"target_gone_while_diagnosed", [](RunWorld& w) { w.pods.clear(); }, "Failed", "TargetGone",
                "ended while"},
        EndCase{"target_replaced_under_its_name", [](RunWorld& w) { w.pods.begin()->second.uid = "another"; },
                "Failed", "TargetGone", ""},
        EndCase{"target_ended", [](RunWorld& w) { w.pods.begin()->second.phase = watch::PodPhase::kFailed; },
                "Failed", "TargetGone", ""},
        EndCase{"target_gone_after_the_verdict",
                [](RunWorld& w) {
                  w.end_well();
                  w.pods.clear();
                },
                "Succeeded", "", ""},
        EndCase{"target_gone_and_so_unreachable",
                [](RunWorld& w) {
                  w.end_badly(3);
                  w.pods.clear();
                },
                "Failed", "TargetGone", "the pod is gone"},
        EndCase{"job_deleted_by_somebody",
                [](RunWorld& w) {
                  w.ledger.job_gone("diagnostic-system", w.job().name, w.now);
                  w.jobs.clear();
                  w.runners.clear();
                },
                "Waiting", "JobGone", ""}),
    [](const auto& test) { return test.param.name; });

TEST(Run, AJobThatIsOfNoUseAnyMoreIsDeleted) {
  for (const bool image : {false, true}) {
    RunWorld world(run());
    world.add_pods(1);
    world.settle();
    world.now += 100;
    if (image) {
      waiting(world, "ImagePullBackOff");
    } else {
      world.pods.clear();
    }
    const std::string job = world.job().name;
    world.settle();
    EXPECT_THAT(world.deleted, ElementsAre(job));
  }
}

TEST(Run, RetriesWithGrowingPausesAndGivesUp) {
  RunWorld world(run());
  world.add_pods(1);
  world.settle();
  for (const int64_t pause : {10, 20}) {
    world.end_badly(3, summary(3, 0, 0, true, "refused"));
    world.settle();
    EXPECT_EQ(world.run.status.waiting, 1);
    const size_t before = world.created.size();
    EXPECT_EQ(reconcile_run(world.input(), world.settings).look_again, world.now + pause);
    world.now += pause - 1;
    world.settle();
    EXPECT_THAT(world.created, SizeIs(before));
    world.now += 1;
    world.settle();
    EXPECT_THAT(world.created, SizeIs(before + 1));
  }
  world.end_badly(1);
  world.settle();
  EXPECT_EQ(reason(world, "Failed"), "True RetriesExhausted");
  EXPECT_THAT(message(world, "Failed"),
              HasSubstr("attempt 3 of 3: RunnerFailed: the runner ended with exit status 1"));
  EXPECT_EQ(world.run.status.targets[0].attempt, 3);
}

TEST(Run, ALaterAttemptMaySucceed) {
  RunWorld world(run());
  world.add_pods(1);
  world.settle();
  world.end_badly(3);
  world.settle();
  world.now += 10;
  world.settle();
  world.end_well(0, 1);
  world.settle();
  EXPECT_EQ(reason(world, "Succeeded"), "True Diagnosed");
  EXPECT_EQ(world.run.status.verdict, "1 WARNING");
  EXPECT_EQ(world.run.status.gate_result, "Passed");
  EXPECT_EQ(world.run.status.targets[0].attempt, 2);
}

TEST(Run, ManyTargetsOneAfterTheOther) {
  RunWorld world(run());
  world.add_pods(5);
  world.run.max_parallel = 2;
  world.settle();
  EXPECT_EQ(world.run.status.running, 2);
  EXPECT_EQ(world.run.status.waiting, 3);
  for (int i = 0; i < 5; ++i) {
    world.end_well(i, 1);
    world.settle();
  }
  EXPECT_EQ(world.run.status.succeeded, 5);
  EXPECT_EQ(world.run.status.critical, 0 + 1 + 2 + 3 + 4);
  EXPECT_EQ(world.run.status.warning, 5);
  ASSERT_THAT(world.run.status.worst, SizeIs(5));
  for (const auto& finding : world.run.status.worst) EXPECT_EQ(finding.severity, "CRITICAL");
  EXPECT_EQ(world.run.status.report_url, world.settings.job.reports_url + "/api/v1/runs/shop/why-slow");
  EXPECT_EQ(world.run.status.report_digest, "");
}

TEST(Run, OneTargetThatFailsFailsTheRunAndTheOthersGoOn) {
  RunWorld world(run());
  world.add_pods(3);
  world.settle();
  world.end_job(world.job(), true, 0, "");
  world.settle();
  world.end_well(1);
  world.settle();
  world.end_well();
  world.settle();
  EXPECT_EQ(reason(world, "Failed"), "True ReportMissing");
  EXPECT_THAT(message(world, "Failed"), HasSubstr("1 of 3 targets failed"));
  EXPECT_EQ(world.run.status.verdict, "1 CRITICAL");
  EXPECT_EQ(world.run.status.gate_result, "Failed");
}

struct GateCase {
  const char *name, *run_gate, *profile_gate;
  int critical, warning;
  const char* result;
};
void PrintTo(const GateCase& c, std::ostream* out) { *out << c.name; }
class RunGate : public ::testing::TestWithParam<GateCase> {};

TEST_P(RunGate, ByOrderOfSeverity) {
  RunWorld world(run());
  world.add_pods(1);
  world.profile = watch::ProfileRecord{.name = "p", .gate = GetParam().profile_gate, .diagnostic = "{}"};
  world.run.gate = GetParam().run_gate;
  world.settle();
  world.end_well(GetParam().critical, GetParam().warning);
  world.settle();
  EXPECT_EQ(world.run.status.gate_result, GetParam().result);
}

INSTANTIATE_TEST_SUITE_P(Cases, RunGate,
                         ::testing::Values(GateCase{"critical_by_default", "", "", 1, 0, "Failed"},
                                           GateCase{"warning_passes_by_default", "", "", 0, 3, "Passed"},
                                           GateCase{"the_profile_says", "", "WARNING", 0, 1, "Failed"},
                                           GateCase{"the_run_says", "CRITICAL", "WARNING", 0, 1, "Passed"},
                                           GateCase{"info_takes_all", "INFO", "", 0, 1, "Failed"},
                                           GateCase{"clean", "INFO", "", 0, 0, "Passed"}),
                         [](const auto& test) { return test.param.name; });

// --- suspend, cancel, delete ---
TEST(Run, SuspendDeletesWhatRunsAndResumeBeginsAnew) {
  RunWorld world(run());
  world.add_pods(2);
  world.settle();
  world.run.suspend = true;
  world.run.generation = 2;
  world.settle();
  EXPECT_THAT(world.deleted, ElementsAre(world.created[0]));
  EXPECT_EQ(reason(world, "Running"), "False Suspended");
  EXPECT_EQ(world.run.status.waiting, 2);
  EXPECT_EQ(world.run.status.observed_generation, 2);
  EXPECT_FALSE(finished(world.run.status));
  world.now += 1000;
  world.settle();
  EXPECT_THAT(world.created, SizeIs(1));
  world.run.suspend = false;
  world.settle();
  EXPECT_EQ(world.run.status.running, 1);
  EXPECT_THAT(world.created, SizeIs(2));
  for (int i = 0; i < 2; ++i) {
    world.end_well();
    world.settle();
  }
  EXPECT_EQ(reason(world, "Succeeded"), "True Diagnosed");
}

TEST(Run, ResumedWhileItsOldJobIsStillBeingDeletedItWaits) {
  RunWorld world(run());
  world.add_pods(1);
  world.settle();
  world.run.suspend = true;
  world.run.status = *reconcile_run(world.input(), world.settings).status;
  world.job().deleting = true;
  world.run.suspend = false;
  EXPECT_THAT(reconcile_run(world.input(), world.settings).wishes, IsEmpty());
  world.ledger.job_gone("diagnostic-system", world.job().name, world.now);
  world.jobs.clear();
  world.runners.clear();
  const RunOutput out = reconcile_run(world.input(), world.settings);
  ASSERT_THAT(out.wishes, SizeIs(1));
  EXPECT_EQ(out.wishes[0].job, job_name("run-uid", "uid-checkout-7d4b9-0", 2));
}

TEST(Run, TheEndOfAnAttemptIsStoredBeforeTheNextIsWished) {
  RunWorld world(run());
  world.add_pods(1);
  world.settle();
  world.end_badly(3);
  world.now += 1000;  // the operator was away: the pause is over
  const RunOutput first = reconcile_run(world.input(), world.settings);
  EXPECT_THAT(first.wishes, IsEmpty());
  ASSERT_TRUE(first.status);
  world.run.status = *first.status;
  EXPECT_THAT(reconcile_run(world.input(), world.settings).wishes, SizeIs(1));
}

TEST(Run, SuspendedFromTheStartChoosesNothing) {
  RunWorld world(run());
  world.add_pods(1);
  world.run.suspend = true;
  world.settle();
  EXPECT_EQ(reason(world, "Accepted"), "True Accepted");
  EXPECT_EQ(reason(world, "Admitted"), "False Suspended");
  EXPECT_THAT(world.run.status.targets, IsEmpty());
  world.run.suspend = false;
  world.settle();
  EXPECT_THAT(world.created, SizeIs(1));
}

TEST(Run, WhatEndedJustBeforeItCouldBeSuspendedCounts) {
  RunWorld world(run());
  world.add_pods(1);
  world.settle();
  world.run.suspend = true;
  const RunOutput out = reconcile_run(world.input(), world.settings);  // the delete is lost
  world.run.status = *out.status;
  world.end_well(1);
  world.settle();
  EXPECT_EQ(world.run.status.targets[0].phase, "Succeeded");
  EXPECT_EQ(reason(world, "Succeeded"), "True Diagnosed");
}

TEST(Run, CancelEndsItForGood) {
  RunWorld world(run());
  world.add_pods(3);
  world.settle();
  world.end_well(1);
  world.settle();
  world.run.cancel = true;
  world.settle();
  EXPECT_EQ(reason(world, "Failed"), "True Cancelled");
  EXPECT_EQ(world.run.status.succeeded, 1);
  EXPECT_EQ(world.run.status.failed, 2);
  EXPECT_EQ(world.run.status.gate_result, "Failed");
  EXPECT_THAT(world.deleted, ElementsAre(world.created[1]));
  world.now += 1000;
  world.settle();
  EXPECT_THAT(world.created, SizeIs(2));
}

TEST(Run, CancelledBeforeItBegan) {
  RunWorld world(run());
  world.run.cancel = true;
  world.settle();
  EXPECT_EQ(reason(world, "Failed"), "True Cancelled");
  EXPECT_EQ(reason(world, "Accepted"), "True Accepted");
}

TEST(Run, DeletedRunsJobsGoAndNothingIsWritten) {
  RunWorld world(run());
  world.add_pods(1);
  world.settle();
  world.run.deleting = true;
  const RunOutput out = reconcile_run(world.input(), world.settings);
  EXPECT_FALSE(out.status);
  EXPECT_THAT(out.wishes, IsEmpty());
  ASSERT_THAT(out.actions, SizeIs(1));
  EXPECT_EQ(out.actions[0].kind, Action::Kind::kDeleteJob);
  EXPECT_EQ(out.actions[0].uid, "uid-" + world.created[0]);
  EXPECT_EQ(reconcile_gone(world.input().jobs), out.actions);
  world.job().deleting = true;
  EXPECT_THAT(reconcile_gone(world.input().jobs), IsEmpty());
}

TEST(Run, IsDeletedItsTimeAfterItsEnd) {
  RunWorld world(run());
  world.add_pods(1);
  world.run.ttl_seconds = 60;
  world.settle();
  world.end_well();
  world.settle();
  EXPECT_EQ(reconcile_run(world.input(), world.settings).look_again, world.now + 60);
  world.now += 59;
  world.settle();
  EXPECT_FALSE(world.run_deleted);
  world.now += 1;
  world.step();
  EXPECT_TRUE(world.run_deleted);
}

TEST(Run, FinishedJobsAreLeftToTheirTtlUnlessAsked) {
  for (const bool asked : {false, true}) {
    RunWorld world(run());
    world.settings.delete_finished_jobs = asked;
    world.add_pods(1);
    world.settle();
    world.end_well();
    world.settle();
    EXPECT_EQ(world.deleted.size(), asked ? 1U : 0U);
    EXPECT_EQ(reason(world, "Succeeded"), "True Diagnosed");
  }
}

TEST(Run, TooLargeForTheQuota) {
  RunWorld world(run());
  world.add_pods(1);
  world.ledger.quota({.name = "q", .hard = {{"limits.memory", 1000}}}, world.now);
  world.settle();
  EXPECT_EQ(reason(world, "Failed"), "True QuotaTooSmall");
  EXPECT_THAT(world.created, IsEmpty());
}

TEST(Run, ATargetThatEndsWhileItWaitsIsGone) {
  for (const bool terminating : {false, true}) {
    RunWorld world(run());
    world.add_pods(1);
    world.step();
    if (terminating) {
      world.pods.begin()->second.deleting = true;
    } else {
      world.pods.clear();
    }
    world.settle();
    EXPECT_EQ(reason(world, "Failed"), "True TargetGone");
    EXPECT_THAT(world.created, IsEmpty());
  }
}

TEST(Run, StrayJobsAreDeleted) {
  RunWorld world(run());
  world.add_pods(1);
  world.settle();
  watch::JobRecord stray{.ns = watch::Symbol("diagnostic-system"),
                         .name = "edp-stray-1",
                         .uid = "s",
                         .run_uid = "run-uid",
                         .target_uid = "no target of this run"};
  world.jobs.emplace(stray.name, stray);
  world.settle();
  EXPECT_THAT(world.deleted, ElementsAre("edp-stray-1"));
}

RunWorld ephemeral_world() {
  RunWorld world(run());
  world.add_pods(1);
  world.settings.ephemeral_namespaces = {world.run.ns.str()};
  world.profile =
      watch::ProfileRecord{.name = "p", .reach = watch::Reach::kEphemeralContainer, .diagnostic = "{}"};
  return world;
}

watch::EphemeralContainer& container_of(RunWorld& world) {
  return world.pods.begin()->second.ephemeral->back();
}

TEST(Run, EphemeralContainersWhereAllowed) {
  RunWorld world = ephemeral_world();
  world.settle();
  ASSERT_THAT(world.created, SizeIs(1));
  EXPECT_EQ(world.run.status.running, 1);
  container_of(world).state = {.message = summary(2, 1, 0, false), .exit_code = 0};
  world.settle();
  EXPECT_EQ(reason(world, "Succeeded"), "True ReportNotStored");
  EXPECT_EQ(world.run.status.verdict, "1 CRITICAL");
  EXPECT_THAT(world.deleted, IsEmpty());
}

TEST(Run, AnEphemeralContainerWithoutAnImageEndsTheRun) {
  RunWorld world = ephemeral_world();
  world.settle();
  container_of(world).state = {.waiting_reason = "ImagePullBackOff", .waiting_message = "not found"};
  world.settle();
  EXPECT_EQ(world.run.status.running, 1);
  world.now += world.settings.image_patience;
  world.settle();
  EXPECT_EQ(world.run.status.targets[0].reason, "ImagePullFailed");
  EXPECT_THAT(world.created, SizeIs(1));
}

TEST(Run, NodeJobsLiveInTheirOwnNamespace) {
  RunWorld world(run());
  world.add_pods(1);
  world.settings.allow_node = true;
  world.profile = watch::ProfileRecord{.name = "p", .reach = watch::Reach::kNode, .diagnostic = "{}"};
  world.ledger.quota({.name = "q", .hard = {{"pods", 0}}}, world.now);  // of the other namespace
  world.settle();
  ASSERT_THAT(world.created, SizeIs(1));
  EXPECT_EQ(world.job().ns.view(), "diagnostic-system-node");
}

TEST(Run, APolicysLimitOfANodeIsPassedOn) {
  RunWorld world(run());
  world.add_pods(1);
  world.policy = watch::PolicyRecord{.max_per_node = 7};
  world.step();
  EXPECT_EQ(world.step().wishes.at(0).per_node, 7);
}

TEST(Workload, OfAPodByItsOwner) {
  watch::PodRecord record = pod("x");
  EXPECT_EQ(workload_of(record), (WorkloadName{"Deployment", "checkout"}));
  EXPECT_EQ(revision_of(record), "7d4b9");
  record.owner_name = watch::Symbol("bare-set");
  EXPECT_EQ(workload_of(record), (WorkloadName{"ReplicaSet", "bare-set"}));
  EXPECT_FALSE(owned_by(record, "Deployment", "bare-set"));
  record.owner_kind = watch::Symbol();
  EXPECT_EQ(workload_of(record), WorkloadName{});
  record.labels = testing::labels({{"controller-revision-hash", "db-5c"}});
  EXPECT_EQ(revision_of(record), "db-5c");
}

}  // namespace
}  // namespace edp::reconcile
