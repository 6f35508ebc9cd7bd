#include "operator/reconcile/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "common/audit/act.h"
#include "operator/reconcile/testing/records.h"

namespace edp::reconcile {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::pod;
using testing::run;

JobSettings settings() {
  JobSettings of;
  of.image = "registry.local/edp:1";
  of.reports_url = "https://edp-reports.diagnostic-system.svc:8443";
  of.reports_ca = "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n";
  return of;
}

watch::ProfileRecord profile() {
  return {.name = "mine",
          .requests = {300, int64_t{128} << 20},
          .limits = {600, int64_t{256} << 20},
          .timeout_seconds = 120,
          .diagnostic = R"({"collectors":["cpu","heap"],"gate":"WARNING"})"};
}

json job(const watch::RunRecord& of = run("checkout-1"), const watch::ProfileRecord& with = profile(),
         const JobSettings& by = settings(), const watch::PodRecord& target = pod("checkout-1"),
         int attempt = 2) {
  const auto text = build_job(of, with, target, attempt, by);
  EXPECT_TRUE(text) << text.error().to_string();
  return json::parse(*text);
}

const json& container(const json& of) { return of["spec"]["template"]["spec"]["containers"][0]; }

std::string env(const json& of, const std::string& name) {
  for (const json& variable : container(of)["env"]) {
    if (variable["name"] == name) return variable["value"];
  }
  return "-";
}

TEST(Job, IsNamedByRunTargetAndAttempt) {
  // sha256("run-uid/uid-checkout-1")
  const std::string name = job_name("run-uid", "uid-checkout-1", 2);
  EXPECT_EQ(name.size(), 4U + 12 + 2);
  EXPECT_THAT(name, ::testing::MatchesRegex("edp-[0-9a-f]+-2"));
  EXPECT_EQ(job()["metadata"]["name"], name);
  EXPECT_NE(job_name("run-uid", "b", 1), job_name("run-uid", "a", 1));
  EXPECT_EQ(job_name("r", "t", 10), job_name("r", "t", 1) + "0");
}

TEST(Job, SaysWhoseItIs) {
  const json of = job();
  for (const json* meta : {&of["metadata"], &of["spec"]["template"]["metadata"]}) {
    EXPECT_EQ((*meta)["labels"]["app.kubernetes.io/name"], "edp-runner");
    EXPECT_EQ((*meta)["labels"]["app.kubernetes.io/managed-by"], "edp-operator");
    EXPECT_EQ((*meta)["labels"]["edp.dev/run-uid"], "run-uid");
    EXPECT_EQ((*meta)["labels"]["edp.dev/target-uid"], "uid-checkout-1");
    EXPECT_EQ((*meta)["labels"]["edp.dev/attempt"], "2");
  }
  EXPECT_EQ(of["metadata"]["annotations"], (json{{"edp.dev/run-namespace", "shop"},
                                                 {"edp.dev/run-name", "why-slow"},
                                                 {"edp.dev/target-pod", "shop/checkout-1"},
                                                 {"edp.dev/target-node", "n1"}}));
  EXPECT_EQ(of["metadata"]["namespace"], "diagnostic-system");
  EXPECT_FALSE(of["metadata"].contains("ownerReferences")) << "an owner elsewhere would have it collected";
  EXPECT_FALSE(of["metadata"].contains("finalizers"));
}

TEST(Job, IsOwnedByARunInItsOwnNamespaceOnly) {
  watch::RunRecord here = run("checkout-1");
  here.ns = watch::Symbol("diagnostic-system");
  const json owner = job(here)["metadata"]["ownerReferences"][0];
  EXPECT_EQ(owner["kind"], "DiagnosticRun");
  EXPECT_EQ(owner["uid"], "run-uid");
  EXPECT_EQ(owner["blockOwnerDeletion"], false);
}

TEST(Job, IsRestrictedInEveryWay) {
  const json spec = job()["spec"]["template"]["spec"];
  EXPECT_EQ(spec["restartPolicy"], "Never");
  EXPECT_EQ(spec["automountServiceAccountToken"], false);
  EXPECT_EQ(spec["enableServiceLinks"], false);
  EXPECT_EQ(spec["serviceAccountName"], "edp-runner");
  EXPECT_EQ(spec["securityContext"]["runAsNonRoot"], true);
  EXPECT_EQ(spec["securityContext"]["runAsUser"], 65532);
  EXPECT_EQ(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
  for (const char* host : {"hostPID", "hostIPC", "hostNetwork"}) EXPECT_FALSE(spec.contains(host)) << host;
  const json security = spec["containers"][0]["securityContext"];
  EXPECT_EQ(security["allowPrivilegeEscalation"], false);
  EXPECT_EQ(security["readOnlyRootFilesystem"], true);
  EXPECT_EQ(security["capabilities"], (json{{"drop", {"ALL"}}}));
  EXPECT_FALSE(security.contains("privileged"));
  for (const json& volume : spec["volumes"]) {
    EXPECT_TRUE(volume.contains("emptyDir") || volume.contains("projected")) << volume;
    if (volume.contains("emptyDir")) {
      EXPECT_TRUE(volume["emptyDir"].contains("sizeLimit")) << volume;
    }
  }
}

TEST(Job, EndsByItselfOnce) {
  const json spec = job()["spec"];
  EXPECT_EQ(spec["backoffLimit"], 0);
  EXPECT_EQ(spec["completions"], 1);
  EXPECT_EQ(spec["parallelism"], 1);
  EXPECT_EQ(spec["podReplacementPolicy"], "Failed");
  EXPECT_EQ(spec["activeDeadlineSeconds"], 120 + settings().slack_seconds);
  EXPECT_EQ(spec["ttlSecondsAfterFinished"], 600);
  EXPECT_LE(spec["template"]["spec"]["terminationGracePeriodSeconds"], 10);
}

TEST(Job, TellsTheRunnerForWhomItWorks) {
  EXPECT_EQ(env(job(), "EDP_AUDIT_LOG"), "-");  // none: the default of env()
  EXPECT_EQ(env(job(), "EDP_AUDIT_FOR"), "-");
  JobSettings by = settings();
  by.audit = true;
  watch::RunRecord of = run("checkout-1");
  of.requested_by = "alice$(HOME)";
  const auto told = [&] {
    const json made = job(of, profile(), by);
    EXPECT_EQ(env(made, "EDP_AUDIT_LOG"), "-");
    return audit::read_context(env(made, "EDP_AUDIT_FOR")).value();
  };
  EXPECT_EQ(told().actor.name, "unknown, made with alice$$(HOME)");  // as the kubelet reads it
  EXPECT_EQ(told().actor.known, "field manager of the run; the user is not known");
  EXPECT_EQ(told().why.run, "shop/why-slow");
  of.requester_annotated = true;
  of.requested_by = "system:serviceaccount:ci:deployer";
  EXPECT_EQ(told().actor.kind, audit::ActorKind::kServiceAccount);
  EXPECT_THAT(told().actor.known, ::testing::HasSubstr("NOT checked at admission"));
  by.requester_checked = true;
  EXPECT_THAT(told().actor.known, ::testing::HasSubstr(", checked at admission"));
  of.policy = "nightly";
  of.requested_by = "policy/nightly";
  of.trigger = "schedule";
  EXPECT_EQ(told().actor.kind, audit::ActorKind::kOperator);
  EXPECT_EQ(told().why.trigger, "schedule");
  of.requested_by = "policy/other";
  EXPECT_EQ(told().actor.kind, audit::ActorKind::kUser);
}

TEST(Job, ArgumentsAndEnvironment) {
  const json of = job();
  EXPECT_EQ(container(of)["args"],
            (json{"--target", "http://10.0.0.1:6060", "--target-name", "pod:shop/checkout-1", "--profile",
                  "env:EDP_PROFILE", "--output", "/work/report.json", "--upload", "$(EDP_REPORTS_URL)",
                  "--upload-token-file", "/var/run/secrets/edp.dev/reports/token", "--upload-ca",
                  "env:EDP_REPORTS_CA", "--summary", "/dev/termination-log", "--exit-zero"}));
  EXPECT_EQ(env(of, "EDP_REPORTS_URL"),
            settings().reports_url + "/api/v1/runs/shop/why-slow/run-uid/targets/uid-checkout-1");
  EXPECT_EQ(env(of, "EDP_REPORTS_CA"), settings().reports_ca);
  EXPECT_EQ(json::parse(env(of, "EDP_PROFILE")),
            (json{{"name", "mine"}, {"collectors", {"cpu", "heap"}}, {"gate", "WARNING"}}));
  EXPECT_EQ(container(of)["resources"], (json{{"requests", {{"cpu", "300m"}, {"memory", "134217728"}}},
                                              {"limits", {{"cpu", "600m"}, {"memory", "268435456"}}}}));
}

TEST(Job, WhatTheRunAsksForGoesBeforeTheProfile) {
  watch::RunRecord of = run("checkout-1");
  of.duration_seconds = 20;
  of.timeout_seconds = 90.5;
  of.gate = "INFO";
  of.collectors = {"goroutine"};
  const json made = job(of);
  const std::vector<std::string> args = container(made)["args"];
  const std::string joined = [&] {
    std::string text;
    for (const auto& arg : args) text += arg + " ";
    return text;
  }();
  EXPECT_THAT(joined, HasSubstr("--duration 20s --timeout 90.5s --gate INFO "));
  EXPECT_EQ(json::parse(env(made, "EDP_PROFILE"))["collectors"], (json{"goroutine"}));
  EXPECT_EQ(made["spec"]["activeDeadlineSeconds"], 91 + settings().slack_seconds);
}

TEST(Job, TheKubeletExpandsNothingInAProfile) {
  watch::ProfileRecord with = profile();
  with.diagnostic = R"({"description":"$(EDP_REPORTS_URL) and $$ and $1"})";
  EXPECT_EQ(env(job(run("checkout-1"), with), "EDP_PROFILE"),
            R"({"description":"$$(EDP_REPORTS_URL) and $$$$ and $$1","name":"mine"})");
}

TEST(Job, TheTokenIsForTheReportServiceOnly) {
  const json volumes = job()["spec"]["template"]["spec"]["volumes"];
  int tokens = 0;
  for (const json& volume : volumes) {
    if (!volume.contains("projected")) continue;
    for (const json& source : volume["projected"]["sources"]) {
      const json& token = source["serviceAccountToken"];
      EXPECT_EQ(token["audience"], "edp-reports");
      EXPECT_GE(token["expirationSeconds"], 600);
      EXPECT_EQ(token["path"], "token");
      ++tokens;
    }
  }
  EXPECT_EQ(tokens, 1);
}

TEST(Job, GoesToTheDiagnosticNodesUnlessToldOtherwise) {
  const json spec = job()["spec"]["template"]["spec"];
  const json expected = {
      {"key", "node-role.kubernetes.io/diagnostic"}, {"operator", "In"}, {"values", {"true"}}};
  const json& terms =
      spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
  ASSERT_EQ(terms.size(), 1U);
  EXPECT_EQ(terms[0]["matchExpressions"][0], expected);
  EXPECT_EQ(spec["tolerations"],
            json::array({{{"key", "node-role.kubernetes.io/diagnostic"}, {"operator", "Exists"}}}));
  JobSettings anywhere = settings();
  anywhere.node_selector.clear();
  anywhere.tolerations =
      R"([{"key":"gpu","operator":"Equal","value":"yes","effect":"NoExecute","tolerationSeconds":60}])";
  const json other = job(run("checkout-1"), profile(), anywhere)["spec"]["template"]["spec"];
  EXPECT_FALSE(other.contains("affinity"));
  EXPECT_EQ(other["tolerations"], json::parse(anywhere.tolerations));
  JobSettings several = settings();
  several.node_selector["pool"] = "tools";
  const json third = job(run("checkout-1"), profile(), several)["spec"]["template"]["spec"];
  EXPECT_EQ(third["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
                 ["nodeSelectorTerms"][0]["matchExpressions"]
                     .size(),
            2U);
  EXPECT_EQ(third["tolerations"].size(), 2U);
}

TEST(Job, ANameTellsItsAttempt) {
  const std::string name = job_name("run", "target", 12);
  EXPECT_EQ(attempt_of(name, "run", "target"), 12);
  EXPECT_EQ(attempt_of(name, "run", "other"), 0);
  EXPECT_EQ(attempt_of(name, "other", "target"), 0);
  for (const std::string& wrong : {name + "x", name + "-", std::string("edp"), std::string(), name + "-1"}) {
    EXPECT_EQ(attempt_of(wrong, "run", "target"), 0) << wrong;
  }
}

TEST(Job, ExtrasOfTheInstallation) {
  JobSettings of = settings();
  of.pull_secrets = {"registry"};
  of.priority_class = "low";
  of.extra_labels = {{"team", "sre"}, {"edp.dev/run-uid", "forged"}};
  const json made = job(run("checkout-1"), profile(), of);
  EXPECT_EQ(made["spec"]["template"]["spec"]["imagePullSecrets"], json::array({{{"name", "registry"}}}));
  EXPECT_EQ(made["spec"]["template"]["spec"]["priorityClassName"], "low");
  EXPECT_EQ(made["metadata"]["labels"]["team"], "sre");
  EXPECT_EQ(made["metadata"]["labels"]["edp.dev/run-uid"], "run-uid") << "ours can't be overwritten";
}

TEST(Job, OnTheTargetsNodeInItsOwnNamespace) {
  watch::ProfileRecord with = profile();
  with.reach = watch::Reach::kNode;
  const json made = job(run("checkout-1"), with);
  EXPECT_EQ(made["metadata"]["namespace"], "diagnostic-system-node");
  const json spec = made["spec"]["template"]["spec"];
  EXPECT_EQ(spec["serviceAccountName"], "edp-runner-node");
  EXPECT_EQ(spec["hostPID"], true);
  EXPECT_EQ(spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
                ["nodeSelectorTerms"][0]["matchFields"][0]["values"],
            (json{"n1"}));
  EXPECT_EQ(spec["containers"][0]["securityContext"]["allowPrivilegeEscalation"], false);
}

TEST(Job, AsAnEphemeralContainer) {
  const auto text = build_ephemeral_container(run("checkout-1"), profile(), pod("checkout-1"), 1, settings());
  ASSERT_TRUE(text);
  const json patch = json::parse(*text);
  ASSERT_EQ(patch["spec"]["ephemeralContainers"].size(), 1U);
  const json& made = patch["spec"]["ephemeralContainers"][0];
  EXPECT_EQ(made["name"], job_name("run-uid", "uid-checkout-1", 1));
  EXPECT_EQ(made["args"][1], "http://127.0.0.1:6060");
  const std::string args = made["args"].dump();
  EXPECT_EQ(args.find("--upload"), std::string::npos) << "it has no token";
  EXPECT_THAT(args, HasSubstr("--summary"));
  for (const char* refused : {"resources", "ports", "livenessProbe", "volumeMounts"}) {
    EXPECT_FALSE(made.contains(refused)) << refused;  // the apiserver refuses the first three
  }
}

struct UrlCase {
  const char* name;
  watch::RunTarget target;
  std::function<void(watch::PodRecord&)> change;
  std::string url;
};
void PrintTo(const UrlCase& c, std::ostream* out) { *out << c.name; }
class TargetUrl : public ::testing::TestWithParam<UrlCase> {};

TEST_P(TargetUrl, IsWhatRunAndPodSay) {
  watch::PodRecord record = pod("x");
  if (GetParam().change) GetParam().change(record);
  EXPECT_EQ(target_url(GetParam().target, record), GetParam().url);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, TargetUrl,
    ::testing::Values(
        UrlCase{"default", {}, {}, "http://10.0.0.1:6060"},
        UrlCase{"of_the_run", {.port = 99, .path = "/p/", .scheme = "https"}, {}, "https://10.0.0.1:99/p"},
        UrlCase{"of_the_pod",
                {},
                [](watch::PodRecord& p) {
                  p.pprof_port = 88;
                  p.pprof_path = watch::Symbol("debug");
                  p.pprof_scheme = watch::Symbol("https");
                },
                "https://10.0.0.1:88/debug"},
        UrlCase{"the_run_goes_before_the_pod",
                {.port = 99, .scheme = "http"},
                [](watch::PodRecord& p) {
                  p.pprof_port = 88;
                  p.pprof_scheme = watch::Symbol("https");
                },
                "http://10.0.0.1:99"},
        UrlCase{"an_odd_scheme_is_http",
                {},
                [](watch::PodRecord& p) { p.pprof_scheme = watch::Symbol("file"); },
                "http://10.0.0.1:6060"},
        UrlCase{"ipv6", {}, [](watch::PodRecord& p) { p.ip = "fd00::7"; }, "http://[fd00::7]:6060"}),
    [](const auto& test) { return test.param.name; });

TEST(BuiltinProfile, IsWhatTheRunnerCarries) {
  for (const char* name : {"local", "prod-k8s", "light"}) {
    const watch::ProfileRecord* of = builtin_profile(name);
    ASSERT_NE(of, nullptr) << name;
    const json diagnostic = json::parse(of->diagnostic);
    EXPECT_EQ(diagnostic["name"], name);
    EXPECT_GT(diagnostic["collectors"].size(), 3U);
    EXPECT_GT(of->timeout_seconds, 0);
    EXPECT_EQ(of->gate, "CRITICAL");
  }
  EXPECT_EQ(builtin_profile("prod-k8s")->timeout_seconds, 180);
  EXPECT_EQ(json::parse(builtin_profile("prod-k8s")->diagnostic)["on-demand"]["blocked-goroutines"], 10);
  EXPECT_EQ(builtin_profile("nonesuch"), nullptr);
}

}  // namespace
}  // namespace edp::reconcile
