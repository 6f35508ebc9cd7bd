#include "operator/reconcile/policy.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace edp::reconcile {
namespace {

constexpr int64_t kNow = 1'800'000'000;

watch::PodRecord pod(const std::string& name, const std::string& revision = "aaaa",
                     int64_t created = kNow - 5000) {
  watch::PodRecord record;
  record.ns = watch::Symbol("shop");
  record.name = name;
  record.uid = "uid-" + name;
  record.owner_kind = watch::Symbol("ReplicaSet");
  record.owner_name = watch::Symbol("checkout-" + revision);
  watch::Labels labels{{watch::Symbol("app"), watch::Symbol("checkout")},
                       {watch::Symbol("edp-enabled"), watch::Symbol("true")},
                       {watch::Symbol("pod-template-hash"), watch::Symbol(revision)}};
  record.labels = std::make_shared<const watch::Labels>(std::move(labels));
  record.created = created;
  record.ready = true;
  record.phase = watch::PodPhase::kRunning;
  return record;
}

watch::PolicyRecord policy() {
  watch::PolicyRecord record;
  record.name = "shop";
  record.uid = "policy-uid";
  record.on_rollout = record.on_restart = record.on_oom_killed = record.on_breach = record.on_alert = true;
  return record;
}

watch::RunRecord run_of(const Action& action, int64_t created, bool ended = true) {
  const auto body = nlohmann::json::parse(action.body);
  watch::RunRecord run;
  run.ns = watch::Symbol(action.ns);
  run.name = action.name;
  run.uid = "uid-" + action.name;
  run.created = created;
  run.policy = body["metadata"]["labels"]["edp.dev/policy"];
  run.trigger = body["metadata"]["annotations"]["edp.dev/trigger"];
  const auto& target = body["spec"]["target"];
  if (target.contains("pod")) run.target.pod = target["pod"];
  if (target.contains("workload")) {
    run.target.workload_kind = target["workload"]["kind"];
    run.target.workload_name = target["workload"]["name"];
  }
  if (target.contains("selector")) run.target.selector.emplace();
  if (ended) run.status.conditions.push_back({.type = "Succeeded", .status = "True"});
  return run;
}

TEST(Policy, WatchesItsNamespacesAndLabels) {
  watch::PolicyRecord record = policy();
  EXPECT_TRUE(watches(record, pod("checkout-1"), {"diagnostic-system"}));
  EXPECT_FALSE(watches(record, pod("checkout-1"), {"shop"}));
  record.namespaces = {"shop"};
  EXPECT_TRUE(watches(record, pod("checkout-1"), {"shop"})) << "a namespace that is named is watched";
  record.namespaces = {"other"};
  EXPECT_FALSE(watches(record, pod("checkout-1"), {}));
  record.namespaces.clear();
  record.pods.terms = {{.key = "app", .values = {"billing"}}};
  EXPECT_FALSE(watches(record, pod("checkout-1"), {}));
}

TEST(Policy, ARolloutIsTheFirstReadyPodOfANewTemplate) {
  Revisions revisions;
  EXPECT_FALSE(revisions.ready(pod("a", "v1", 100))) << "the first one ever seen is no news";
  EXPECT_FALSE(revisions.ready(pod("b", "v1", 110)));
  EXPECT_TRUE(revisions.ready(pod("c", "v2", 200)));
  EXPECT_FALSE(revisions.ready(pod("d", "v2", 210))) << "told once";
  EXPECT_FALSE(revisions.ready(pod("a", "v1", 100))) << "an old pod that is ready again";
  EXPECT_TRUE(revisions.ready(pod("e", "v1", 300))) << "a rollback is a rollout";
  revisions.forget("shop", workload_of(pod("a", "v1")));
  EXPECT_EQ(revisions.size(), 0U);
}

TEST(Policy, RestartsFireByTheirCause) {
  const watch::PodRecord before = pod("checkout-1");
  watch::PodRecord after = pod("checkout-1");
  after.restarts = 1;
  after.last_termination = {.reason = watch::Symbol("Error"), .exit_code = 2};
  auto fired = on_pod(policy(), &before, after, false);
  ASSERT_EQ(fired.size(), 1U);
  EXPECT_EQ(fired[0].trigger, Trigger::kRestart);
  EXPECT_EQ(fired[0].priority, "Critical");

  after.last_termination.reason = watch::Symbol("OOMKilled");
  fired = on_pod(policy(), &before, after, false);
  ASSERT_EQ(fired.size(), 1U) << "one occasion, one run";
  EXPECT_EQ(fired[0].trigger, Trigger::kOomKilled);

  EXPECT_TRUE(on_pod(policy(), &after, after, false).empty()) << "told again";
  EXPECT_TRUE(on_pod(policy(), nullptr, after, false).empty()) << "restarts of before we knew the pod";
  watch::PolicyRecord quiet = policy();
  quiet.on_restart = quiet.on_oom_killed = false;
  EXPECT_TRUE(on_pod(quiet, &before, after, false).empty());
}

TEST(Policy, ABreachOfAnUnlabelledPodDiagnosesTheLabelledOnesOfItsWorkload) {
  EXPECT_EQ(on_breach(policy(), pod("checkout-1"), "x", kNow)->pod, "checkout-1");
  watch::PodRecord plain = pod("checkout-2");
  plain.labels = std::make_shared<const watch::Labels>(
      watch::Labels{{watch::Symbol("pod-template-hash"), watch::Symbol("aaaa")}});
  const auto fired = on_breach(policy(), plain, "x", kNow);
  ASSERT_TRUE(fired);
  EXPECT_EQ(fired->pod, "");
  EXPECT_EQ(fired->workload, (WorkloadName{"Deployment", "checkout"}));
  plain.owner_kind = plain.owner_name = watch::Symbol();
  EXPECT_FALSE(on_breach(policy(), plain, "x", kNow)) << "nobody to diagnose";
}

struct AlertCase {
  const char* name;
  std::map<std::string, std::string, std::less<>> labels;
  const char* target;  // "pod/x", "Deployment/x", "" for none
};
class OnAlert : public testing::TestWithParam<AlertCase> {};

TEST_P(OnAlert, FindsItsTarget) {
  const watch::PodRecord known = pod("checkout-1");
  const auto find = [&](std::string_view ns, std::string_view name) {
    return ns == "shop" && name == known.name ? &known : nullptr;
  };
  const auto fired = on_alert(policy(), GetParam().labels, "f00d", kNow, find);
  std::string target;
  if (fired)
    target = fired->pod.empty() ? fired->workload.kind + "/" + fired->workload.name : "pod/" + fired->pod;
  EXPECT_EQ(target, GetParam().target);
}

INSTANTIATE_TEST_SUITE_P(
    Policy, OnAlert,
    testing::Values(
        AlertCase{"Pod", {{"namespace", "shop"}, {"pod", "checkout-1"}}, "pod/checkout-1"},
        AlertCase{"Workload", {{"namespace", "shop"}, {"deployment", "checkout"}}, "Deployment/checkout"},
        AlertCase{"GonePodWithWorkload",
                  {{"namespace", "shop"}, {"pod", "gone"}, {"statefulset", "db"}},
                  "StatefulSet/db"},
        AlertCase{"NoNamespace", {{"pod", "checkout-1"}}, ""},
        AlertCase{"UnknownPod", {{"namespace", "shop"}, {"pod", "gone"}}, ""},
        AlertCase{"Nothing", {{"namespace", "shop"}}, ""}),
    [](const auto& tested) { return tested.param.name; });

Fired restart(const std::string& name, int count = 1) {
  Fired fired{
      .trigger = Trigger::kRestart, .ns = "shop", .pod = name, .workload = {"Deployment", "checkout"}};
  fired.occasion = "restart " + std::to_string(count);
  return fired;
}

TEST(Decide, MakesARunThatTheCrdTakes) {
  const RunDecision decision = decide(policy(), restart("checkout-1"), {}, kNow);
  ASSERT_TRUE(decision.create);
  const auto body = nlohmann::json::parse(decision.create->body);
  EXPECT_EQ(body["kind"], "DiagnosticRun");
  EXPECT_EQ(body["metadata"]["namespace"], "shop");
  EXPECT_EQ(body["spec"]["target"], (nlohmann::json{{"pod", "checkout-1"}}));
  EXPECT_EQ(body["metadata"]["labels"]["edp.dev/policy"], "shop");
  EXPECT_LE(decision.create->name.size(), 63U);
}

TEST(Decide, ASecondAttemptHasTheSameName) {
  const std::string once = decide(policy(), restart("checkout-1"), {}, kNow).create->name;
  EXPECT_EQ(decide(policy(), restart("checkout-1"), {}, kNow + 100).create->name, once);
  EXPECT_NE(decide(policy(), restart("checkout-1", 2), {}, kNow).create->name, once);
}

TEST(Decide, CoolsDownByTarget) {
  const watch::RunRecord run = run_of(*decide(policy(), restart("checkout-1"), {}, kNow).create, kNow);
  EXPECT_FALSE(decide(policy(), restart("checkout-1", 2), {&run}, kNow + 60).create);
  EXPECT_TRUE(decide(policy(), restart("checkout-1", 2), {&run}, kNow + 3600).create);
  EXPECT_TRUE(decide(policy(), restart("checkout-2"), {&run}, kNow + 60).create);
  const watch::RunRecord slow =
      run_of(*decide(policy(), restart("checkout-1"), {}, kNow).create, kNow, false);
  EXPECT_FALSE(decide(policy(), restart("checkout-1", 2), {&slow}, kNow + 9999).create) << "it still runs";
}

TEST(Decide, AtMostMaxTargetsOfAWorkload) {
  std::vector<watch::RunRecord> runs;
  for (int i = 0; i < 3; ++i) {
    runs.push_back(
        run_of(*decide(policy(), restart("checkout-" + std::to_string(i)), {}, kNow).create, kNow));
  }
  std::vector<const watch::RunRecord*> known;
  for (const auto& run : runs) known.push_back(&run);
  const RunDecision fourth = decide(policy(), restart("checkout-9"), known, kNow + 60);
  EXPECT_FALSE(fourth.create);
  EXPECT_NE(fourth.why.find("3 pods of checkout"), std::string::npos) << fourth.why;
}

TEST(Decide, ASuspendedPolicyMakesNone) {
  watch::PolicyRecord record = policy();
  record.suspend = true;
  EXPECT_EQ(decide(record, restart("checkout-1"), {}, kNow).why, "the policy is suspended");
}

TEST(Schedule, BeginsNowAndLeavesOutWhatWasMissed) {
  watch::PolicyRecord record = policy();
  record.schedule = "0 * * * *";
  const int64_t hour = kNow / 3600 * 3600;
  EXPECT_FALSE(on_schedule(record, TimeZone::utc(), hour + 10).due) << "the first look";
  EXPECT_EQ(on_schedule(record, TimeZone::utc(), hour + 10).next, hour + 3600);
  record.last_schedule = hour - 3600;
  EXPECT_EQ(on_schedule(record, TimeZone::utc(), hour + 10).due, hour);
  EXPECT_FALSE(on_schedule(record, TimeZone::utc(), hour + 1200).due) << "missed by twenty minutes";
  record.last_schedule = hour;
  EXPECT_FALSE(on_schedule(record, TimeZone::utc(), hour + 10).due) << "done already";
  record.schedule = "what";
  EXPECT_FALSE(on_schedule(record, TimeZone::utc(), hour).fault.empty());
}

TEST(Schedule, OneRunANamespaceWhileNoneIsUnderWay) {
  const auto fired = scheduled(policy(), {"shop", "billing"}, kNow);
  ASSERT_EQ(fired.size(), 2U);
  const RunDecision first = decide(policy(), fired[0], {}, kNow);
  ASSERT_TRUE(first.create);
  EXPECT_TRUE(nlohmann::json::parse(first.create->body)["spec"]["target"].contains("selector"));
  const watch::RunRecord running = run_of(*first.create, kNow, false);
  EXPECT_FALSE(decide(policy(), scheduled(policy(), {"shop"}, kNow + 60)[0], {&running}, kNow + 60).create);
  const watch::RunRecord ended = run_of(*first.create, kNow);
  EXPECT_TRUE(decide(policy(), scheduled(policy(), {"shop"}, kNow + 60)[0], {&ended}, kNow + 60).create);
}

struct CanaryCase {
  const char* name;
  Side canary, rest;
  const char* reason;
};
class Canary : public testing::TestWithParam<CanaryCase> {};

TEST_P(Canary, IsJudged) {
  EXPECT_EQ(judge_canary(GetParam().canary, GetParam().rest).reason, GetParam().reason);
}

Side side(size_t pods, size_t samples, size_t failures = 0, double p50 = 10, int64_t restarts = 0) {
  return {.pods = pods,
          .samples = samples,
          .failures = failures,
          .p50_ms = p50,
          .p99_ms = p50 * 3,
          .restarts = restarts};
}

INSTANTIATE_TEST_SUITE_P(
    Policy, Canary,
    testing::Values(CanaryCase{"Healthy", side(1, 100), side(9, 900), "Healthy"},
                    CanaryCase{"NoRest", side(1, 100), side(0, 0), "NoOtherPods"},
                    CanaryCase{"FewSamples", side(1, 10, 5), side(9, 900), "NotEnoughSamples"},
                    CanaryCase{"Slower", side(1, 100, 0, 30), side(9, 900), "Slower"},
                    CanaryCase{"SlowerByAHair", side(1, 100, 0, 2), side(9, 900, 0, 1), "Healthy"},
                    CanaryCase{"MoreErrors", side(1, 100, 20), side(9, 900, 9), "MoreErrors"},
                    CanaryCase{"ErrorsOfBoth", side(1, 100, 20), side(9, 900, 180), "Healthy"},
                    CanaryCase{"OneErrorIsChance", side(1, 60, 2), side(9, 900, 9), "Healthy"},
                    CanaryCase{"Restarts", side(1, 10, 0, 10, 2), side(9, 900), "MoreRestarts"},
                    CanaryCase{"AllFail", side(1, 100, 100), side(9, 900), "MoreErrors"}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace edp::reconcile
