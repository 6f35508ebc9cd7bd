#include "operator/watch/readers.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace edp::watch {
namespace {

TEST(ReadJob, ReadsOneOfOurs) {
  const auto job = read_job(
      R"({"metadata":{"name":"edp-0123456789ab-2","namespace":"diagnostic-system","uid":"j","resourceVersion":"42","creationTimestamp":"2025-01-01T00:00:00Z",
        "labels":{"edp.dev/run-uid":"r","edp.dev/target-uid":"t","edp.dev/attempt":"2"},
        "annotations":{"edp.dev/run-namespace":"shop","edp.dev/run-name":"why","edp.dev/target-pod":"shop/p","edp.dev/target-node":"n1","other":"x"}},
        "spec":{"template":{"spec":{"initContainers":[{"resources":{"requests":{"cpu":"9"}}}],"containers":[
          {"resources":{"requests":{"cpu":"250m","memory":"256Mi"},"limits":{"cpu":1,"memory":"512Mi"}}},
          {"resources":{"requests":{"cpu":"50m","memory":"16Mi","ephemeral-storage":"1Gi"},"limits":{"cpu":"100m"}}}]}}},
        "status":{"active":1,"conditions":[{"type":"FailureTarget","status":"True","reason":"early"}]}})");
  ASSERT_TRUE(job) << job.error().to_string();
  EXPECT_EQ(job->ns, "diagnostic-system");
  EXPECT_EQ(job->name, "edp-0123456789ab-2");
  EXPECT_EQ(job->uid, "j");
  EXPECT_EQ(job->version, 42U);
  EXPECT_EQ(job->run_uid, "r");
  EXPECT_EQ(job->run_namespace, "shop");
  EXPECT_EQ(job->run_name, "why");
  EXPECT_EQ(job->target_uid, "t");
  EXPECT_EQ(job->target_pod, "shop/p");
  EXPECT_EQ(job->target_node, "n1");
  EXPECT_EQ(job->attempt, 2);
  EXPECT_EQ(job->requests.cpu, 300);
  EXPECT_EQ(job->requests.memory, int64_t{272} << 20);
  EXPECT_EQ(job->limits.cpu, 1100);
  EXPECT_EQ(job->limits.memory, int64_t{512} << 20);
  EXPECT_EQ(job->created, parse_time("2025-01-01T00:00:00Z"));
  EXPECT_FALSE(job->done());
  EXPECT_EQ(job->reason, "");
}

TEST(ReadJob, KnowsItsEnd) {
  struct Case {
    const char* name;
    std::string status;
    bool complete, failed;
    const char* reason;
    const char* finished;
  };
  const Case cases[] = {
      {"running", R"({"active":1})", false, false, "", ""},
      {"success criteria met, pods still end",
       R"({"conditions":[{"type":"SuccessCriteriaMet","status":"True"}]})", false, false, "", ""},
      {"complete",
       R"({"completionTime":"2025-01-02T00:00:00Z","conditions":[{"type":"SuccessCriteriaMet","status":"True"},{"type":"Complete","status":"True"}]})",
       true, false, "", "2025-01-02T00:00:00Z"},
      {"failed",
       R"({"conditions":[{"type":"Failed","status":"True","reason":"DeadlineExceeded","lastTransitionTime":"2025-01-03T00:00:00Z"},{"type":"Suspended","status":"False","reason":"other"}]})",
       false, true, "DeadlineExceeded", "2025-01-03T00:00:00Z"},
      {"not failed", R"({"conditions":[{"type":"Failed","status":"False"}]})", false, false, "", ""},
  };
  for (const Case& one : cases) {
    const auto job = read_job(R"({"metadata":{"name":"j"},"status":)" + one.status + "}");
    ASSERT_TRUE(job) << one.name;
    EXPECT_EQ(job->complete, one.complete) << one.name;
    EXPECT_EQ(job->failed, one.failed) << one.name;
    EXPECT_EQ(job->reason, one.reason) << one.name;
    EXPECT_EQ(job->finished, parse_time(one.finished)) << one.name;
    EXPECT_EQ(job->attempt, 1) << one.name;
  }
}

constexpr const char* kRun = R"({
  "apiVersion":"edp.dev/v1alpha1","kind":"DiagnosticRun",
  "metadata":{"name":"why-slow","namespace":"shop","uid":"r-1","resourceVersion":"77","generation":3,"creationTimestamp":"2025-01-01T00:00:00Z",
    "labels":{"edp.dev/policy":"nightly"},"annotations":{"edp.dev/trigger":"oomKilled"},
    "managedFields":[{"manager":"edp-operator","operation":"Update","subresource":"status","time":"2025-01-01T00:00:00Z"},
      {"manager":"argocd","operation":"Apply","time":"2025-01-02T00:00:00Z"},
      {"manager":"kubectl-create","operation":"Update","time":"2025-01-01T00:00:00Z"}]},
  "spec":{"target":{"selector":{"matchLabels":{"app":"checkout"},"matchExpressions":[{"key":"zone","operator":"NotIn","values":["a","b"]},{"key":"x","operator":"Exists"},{"key":"y","operator":"DoesNotExist"},{"key":"z","operator":"Near"}]},"port":6061,"path":"/p","scheme":"https"},
    "profile":"light","collectors":["cpu","heap"],"duration":"20s","timeout":"3m","gate":"WARNING","suspend":true,"cancel":true,"ttlAfterFinished":"24h","maxParallel":4,"priority":"Critical"},
  "status":{"observedGeneration":2,"conditions":[{"type":"Accepted","status":"True","reason":"Valid","message":"fine","lastTransitionTime":"2025-01-01T00:00:01Z","observedGeneration":2}],
    "targetCounts":{"matched":5,"waiting":1,"running":1,"succeeded":2,"failed":1},"findings":{"critical":2,"warning":1,"info":7},
    "verdict":"2 CRITICAL, 1 WARNING","gate":"Failed",
    "worst":[{"rule":"R","severity":"CRITICAL","title":"T","location":"f:1","pod":"p","fingerprint":"abc"}],
    "targets":[{"pod":"p","uid":"pu","phase":"Failed","reason":"TargetGone","message":"m","attempt":2,"findings":{"critical":1,"warning":2,"info":3},"exitStatus":2,"digest":"sha256:1"}],
    "report":{"url":"https://x","digest":"sha256:2"},"startTime":"2025-01-01T00:00:02Z","completionTime":"2025-01-01T00:00:03Z"}})";

TEST(ReadRun, ReadsSpecAndStatus) {
  const auto run = read_run(kRun);
  ASSERT_TRUE(run) << run.error().to_string();
  EXPECT_EQ(run->ns, "shop");
  EXPECT_EQ(run->name, "why-slow");
  EXPECT_EQ(run->uid, "r-1");
  EXPECT_EQ(run->version, 77U);
  EXPECT_EQ(run->resource_version, "77");
  EXPECT_EQ(run->generation, 3);
  EXPECT_EQ(run->created, parse_time("2025-01-01T00:00:00Z"));
  EXPECT_FALSE(run->deleting);
  EXPECT_EQ(run->requested_by, "kubectl-create");
  EXPECT_EQ(run->policy, "nightly");
  EXPECT_EQ(run->trigger, "oomKilled");
  ASSERT_TRUE(run->target.selector);
  using Op = SelectorTerm::Op;
  EXPECT_EQ(run->target.selector->terms, (std::vector<SelectorTerm>{{"app", Op::kIn, {"checkout"}},
                                                                    {"zone", Op::kNotIn, {"a", "b"}},
                                                                    {"x", Op::kExists, {}},
                                                                    {"y", Op::kDoesNotExist, {}},
                                                                    {"z", Op::kIn, {}}}));
  EXPECT_EQ(run->target.port, 6061);
  EXPECT_EQ(run->target.path, "/p");
  EXPECT_EQ(run->target.scheme, "https");
  EXPECT_EQ(run->profile, "light");
  EXPECT_EQ(run->collectors, (std::vector<std::string>{"cpu", "heap"}));
  EXPECT_EQ(run->duration_seconds, 20);
  EXPECT_EQ(run->timeout_seconds, 180);
  EXPECT_EQ(run->gate, "WARNING");
  EXPECT_TRUE(run->suspend);
  EXPECT_TRUE(run->cancel);
  EXPECT_EQ(run->ttl_seconds, 86'400);
  EXPECT_EQ(run->max_parallel, 4);
  EXPECT_EQ(run->priority, "Critical");

  RunStatus expected;
  expected.observed_generation = 2;
  expected.conditions = {{"Accepted", "True", "Valid", "fine", parse_time("2025-01-01T00:00:01Z"), 2}};
  expected.matched = 5, expected.waiting = 1, expected.running = 1, expected.succeeded = 2,
  expected.failed = 1;
  expected.critical = 2, expected.warning = 1, expected.info = 7;
  expected.verdict = "2 CRITICAL, 1 WARNING";
  expected.gate_result = "Failed";
  expected.worst = {{"R", "CRITICAL", "T", "f:1", "p", "abc"}};
  expected.targets = {{"p", "pu", "Failed", "TargetGone", "m", 2, 1, 2, 3, 2, "sha256:1"}};
  expected.report_url = "https://x";
  expected.report_digest = "sha256:2";
  expected.started = parse_time("2025-01-01T00:00:02Z");
  expected.completed = parse_time("2025-01-01T00:00:03Z");
  EXPECT_TRUE(run->status == expected);
}

TEST(ReadRun, HasDefaults) {
  const auto run = read_run(
      R"({"metadata":{"name":"r","deletionTimestamp":"2025-01-01T00:00:00Z","annotations":{"edp.dev/requested-by":"alice"}},"spec":{"target":{"workload":{"kind":"Deployment","name":"checkout"}},"maxParallel":99,"duration":7,"ttlAfterFinished":"0s"}})");
  ASSERT_TRUE(run);
  EXPECT_TRUE(run->deleting);
  EXPECT_EQ(run->requested_by, "alice");
  EXPECT_EQ(run->target.workload_kind, "Deployment");
  EXPECT_EQ(run->target.workload_name, "checkout");
  EXPECT_FALSE(run->target.selector);
  EXPECT_EQ(run->target.port, 0);
  EXPECT_EQ(run->profile, "prod-k8s");
  EXPECT_EQ(run->priority, "Manual");
  EXPECT_EQ(run->max_parallel, 16);
  EXPECT_EQ(run->duration_seconds, 0 + 7);
  EXPECT_EQ(run->timeout_seconds, 0);
  EXPECT_EQ(run->ttl_seconds, 0);
  EXPECT_TRUE(run->status == RunStatus());
  const auto plain = read_run(R"({"metadata":{"name":"r"},"spec":{"target":{"pod":"p"}}})");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->target.pod, "p");
  EXPECT_FALSE(plain->ttl_seconds);
  EXPECT_EQ(plain->requested_by, "");
}

TEST(ReadProfile, HandsTheRunnersPartOn) {
  const auto profile = read_profile(
      R"({"metadata":{"name":"deep","uid":"u","resourceVersion":"5","generation":4},"spec":{"diagnostic":{"name":"other","description":"d","duration":"30s","timeout":240,"gate":"WARNING","collectors":["cpu"],"thresholds":{"go.goroutines":10000}},"reach":"Node","resources":{"requests":{"cpu":"500m"},"limits":{"cpu":2,"memory":"1Gi"}},"maxAttempts":5}})");
  ASSERT_TRUE(profile) << profile.error().to_string();
  EXPECT_EQ(profile->name, "deep");
  EXPECT_EQ(profile->version, 5U);
  EXPECT_EQ(profile->generation, 4);
  EXPECT_EQ(profile->reach, Reach::kNode);
  EXPECT_EQ(profile->requests.cpu, 500);
  EXPECT_EQ(profile->requests.memory, int64_t{256} << 20);
  EXPECT_EQ(profile->limits.cpu, 2000);
  EXPECT_EQ(profile->limits.memory, int64_t{1} << 30);
  EXPECT_EQ(profile->duration_seconds, 30);
  EXPECT_EQ(profile->timeout_seconds, 240);
  EXPECT_EQ(profile->gate, "WARNING");
  EXPECT_EQ(profile->max_attempts, 5);
  EXPECT_EQ(
      nlohmann::json::parse(profile->diagnostic),
      nlohmann::json::parse(
          R"({"name":"deep","description":"d","duration":"30s","timeout":240,"gate":"WARNING","collectors":["cpu"],"thresholds":{"go.goroutines":10000}})"));
  EXPECT_EQ(profile->diagnostic.find('\n'), std::string::npos);

  const auto bare = read_profile(R"({"metadata":{"name":"bare"}})");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->diagnostic, R"({"name":"bare"})");
  EXPECT_EQ(bare->reach, Reach::kNetwork);
  EXPECT_EQ(bare->max_attempts, 3);
}

TEST(ReadPolicy, ReadsAllOfIt) {
  const auto policy = read_policy(
      R"({"metadata":{"name":"nightly","uid":"u","generation":2},"spec":{"namespaces":["shop","cart"],"pods":{"matchLabels":{"tier":"web"}},"profile":"light","cooldown":"30m","schedule":{"cron":"0 3 * * *","timeZone":"Europe/Berlin"},"triggers":{"rollout":true,"restart":true,"oomKilled":true,"breach":true,"alert":true},"maxPerNode":2,"maxTargets":5,"canary":true,"probe":{"enabled":false,"interval":"1m","latencyMs":250,"failures":7},"keepRuns":"48h","suspend":true},"status":{"lastScheduleTime":"2025-01-01T03:00:00Z"}})");
  ASSERT_TRUE(policy) << policy.error().to_string();
  EXPECT_EQ(policy->name, "nightly");
  EXPECT_EQ(policy->namespaces, (std::vector<std::string>{"shop", "cart"}));
  EXPECT_EQ(policy->pods.terms, (std::vector<SelectorTerm>{{"tier", SelectorTerm::Op::kIn, {"web"}}}));
  EXPECT_EQ(policy->profile, "light");
  EXPECT_EQ(policy->cooldown_seconds, 1800);
  EXPECT_EQ(policy->schedule, "0 3 * * *");
  EXPECT_EQ(policy->time_zone, "Europe/Berlin");
  EXPECT_TRUE(policy->on_rollout && policy->on_restart && policy->on_oom_killed && policy->on_breach &&
              policy->on_alert);
  EXPECT_EQ(policy->max_per_node, 2);
  EXPECT_EQ(policy->max_targets, 5);
  EXPECT_TRUE(policy->canary);
  EXPECT_FALSE(policy->probe);
  EXPECT_EQ(policy->probe_interval_seconds, 60);
  EXPECT_EQ(policy->breach_latency_ms, 250);
  EXPECT_EQ(policy->breach_failures, 7);
  EXPECT_EQ(policy->keep_runs_seconds, 172'800);
  EXPECT_TRUE(policy->suspend);
  EXPECT_EQ(policy->last_schedule, parse_time("2025-01-01T03:00:00Z"));

  const auto bare = read_policy(R"({"metadata":{"name":"bare"},"spec":{"cooldown":"soon"}})");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->cooldown_seconds, 3600);
  EXPECT_TRUE(bare->probe);
  EXPECT_FALSE(bare->on_rollout);
  EXPECT_TRUE(bare->pods.terms.empty());
}

TEST(ReadQuota, ReadsWhatTheControllerNoted) {
  const auto quota = read_quota(
      R"({"metadata":{"name":"q","namespace":"diagnostic-system"},"spec":{"hard":{"requests.cpu":"9"}},"status":{"hard":{"requests.cpu":"2","limits.memory":"4Gi","pods":"10","count/jobs.batch":"1k","bad":"x"},"used":{"requests.cpu":"250m","pods":"1"}}})");
  ASSERT_TRUE(quota) << quota.error().to_string();
  EXPECT_EQ(quota->ns, "diagnostic-system");
  using Amounts = std::map<std::string, int64_t, std::less<>>;
  EXPECT_EQ(quota->hard, (Amounts{{"requests.cpu", 2000},
                                  {"limits.memory", int64_t{4} << 30},
                                  {"pods", 10},
                                  {"count/jobs.batch", 1000}}));
  EXPECT_EQ(quota->used, (Amounts{{"requests.cpu", 250}, {"pods", 1}}));
  const auto fresh = read_quota(R"({"metadata":{"name":"q"},"spec":{"hard":{"cpu":1}}})");
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->hard, (Amounts{{"cpu", 1000}}));
}

TEST(Readers, RefuseWhatIsNoNamedObject) {
  const std::string deep =
      R"({"metadata":{"name":"x"},"spec":)" + std::string(100, '[') + std::string(100, ']') + "}";
  for (const std::string& json :
       {std::string(), std::string("{"), std::string("[]"), std::string("{}"), std::string("null"),
        std::string(R"({"metadata":{"name":7}})"), std::string(R"({"metadata":5})")}) {
    EXPECT_FALSE(read_job(json)) << json;
    EXPECT_FALSE(read_run(json)) << json;
    EXPECT_FALSE(read_profile(json)) << json;
    EXPECT_FALSE(read_policy(json)) << json;
    EXPECT_FALSE(read_quota(json)) << json;
    EXPECT_FALSE(read_identity(json)) << json;
  }
  EXPECT_FALSE(read_run(deep));
  EXPECT_FALSE(read_profile(deep));
}

TEST(ReadListMeta, ReadsBookmarksAndLists) {
  const auto end = read_list_meta(
      R"({"kind":"Pod","metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}})");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->resource_version, "9");
  EXPECT_TRUE(end->initial_events_end);
  const auto page = read_list_meta(
      R"({"metadata":{"resourceVersion":"8","continue":"abc","remainingItemCount":7},"items":[]})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->continue_token, "abc");
  EXPECT_FALSE(page->initial_events_end);
  EXPECT_EQ(metadata_resource_version(R"({"metadata":{"resourceVersion":"8"}})"), "8");
  EXPECT_EQ(metadata_resource_version("{"), "");
}

}  // namespace
}  // namespace edp::watch
