#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "operator/watch/readers.h"
#include "operator/watch/testing/pod_json.h"

namespace edp::watch {
namespace {

using Kind = ReadinessProbe::Kind;

TEST(ReadPod, ReadsARealisticOne) {
  const std::string json = testing::realistic_pod(61);
  EXPECT_GT(json.size(), 6000U);
  EXPECT_LT(json.size(), 8500U);
  const auto pod = read_pod(json);
  ASSERT_TRUE(pod) << pod.error().to_string();
  EXPECT_EQ(pod->ns, "shop-2");
  EXPECT_EQ(pod->name, "checkout-2-700015838-10061");
  EXPECT_EQ(pod->uid, "6f1ed002-ab5b-4d7c-9c3e-100000000061");
  EXPECT_EQ(pod->version, 500'061U);
  EXPECT_EQ(pod->owner_kind, "ReplicaSet");
  EXPECT_EQ(pod->owner_name, "checkout-2-700015838");
  EXPECT_EQ(pod->node, "node-61");
  EXPECT_EQ(pod->labels->size(), 6U);
  EXPECT_EQ(label(*pod->labels, "team"), "payments");
  EXPECT_TRUE(pod->enabled());
  EXPECT_EQ(pod->ip, "10.0.0.61");
  EXPECT_EQ(pod->created, parse_time("2025-11-03T08:15:30Z"));
  EXPECT_TRUE(pod->ready);
  EXPECT_EQ(pod->ready_since, parse_time("2025-11-03T08:15:41Z"));
  EXPECT_EQ(pod->phase, PodPhase::kRunning);
  EXPECT_FALSE(pod->deleting);
  EXPECT_EQ(pod->restarts, 1);
  EXPECT_EQ(pod->last_termination.reason, "OOMKilled");
  EXPECT_EQ(pod->last_termination.exit_code, 137);
  EXPECT_EQ(pod->last_termination.finished, parse_time("2025-11-05T17:02:08Z"));
  EXPECT_EQ(pod->readiness.kind, Kind::kHttp);
  EXPECT_EQ(pod->readiness.port, 8080);
  EXPECT_EQ(pod->readiness.path, "/ready");
  EXPECT_EQ(pod->readiness.timeout_seconds, 2);
  EXPECT_EQ(pod->readiness.period_seconds, 5);
  EXPECT_EQ(pod->pprof_port, 6061);
  EXPECT_EQ(pod->runner, nullptr);
  const auto neighbour = read_pod(testing::realistic_pod(62));
  ASSERT_TRUE(neighbour);
  EXPECT_EQ(pod->labels, neighbour->labels);
}

TEST(ReadPod, ReadsPortsAndProbes) {
  struct Case {
    const char* name;
    std::string metadata, containers;
    ReadinessProbe::Kind kind;
    int port;
    const char* path;
    int pprof;
  };
  const Case cases[] = {
      {"nothing", "", "{}", Kind::kNone, 0, "", 0},
      {"no probe: the first TCP port", "",
       R"({"ports":[{"containerPort":53,"protocol":"UDP"},{"containerPort":8080}]})", Kind::kTcp, 8080, "",
       0},
      {"number", "", R"({"readinessProbe":{"httpGet":{"port":81}}})", Kind::kHttp, 81, "/", 0},
      {"number in quotes", "", R"({"readinessProbe":{"tcpSocket":{"port":"81"}}})", Kind::kTcp, 81, "", 0},
      {"ports after the probe", "",
       R"({"readinessProbe":{"httpGet":{"port":"web","path":"/r?x=1","scheme":"HTTPS"}},"ports":[{"name":"web","containerPort":8443}]})",
       Kind::kHttps, 8443, "/r?x=1", 0},
      {"its own container's port of that name", "",
       R"({"ports":[{"name":"web","containerPort":1}]},{"ports":[{"name":"web","containerPort":2}],"readinessProbe":{"tcpSocket":{"port":"web"}}})",
       Kind::kTcp, 2, "", 0},
      {"another container's port", "",
       R"({"ports":[{"name":"web","containerPort":1}]},{"readinessProbe":{"tcpSocket":{"port":"web"}}})",
       Kind::kTcp, 1, "", 0},
      {"unknown port name", "",
       R"({"ports":[{"name":"web","containerPort":1}],"readinessProbe":{"tcpSocket":{"port":"other"}}})",
       Kind::kNone, 0, "", 0},
      {"exec", "", R"({"ports":[{"containerPort":1}],"readinessProbe":{"exec":{"command":["true"]}}})",
       Kind::kNone, 0, "", 0},
      {"grpc", "", R"({"readinessProbe":{"grpc":{"port":1}}})", Kind::kNone, 0, "", 0},
      {"the first that can be asked", "",
       R"({"readinessProbe":{"exec":{}}},{"readinessProbe":{"tcpSocket":{"port":5}}},{"readinessProbe":{"tcpSocket":{"port":6}}})",
       Kind::kTcp, 5, "", 0},
      {"a host of its own is not the pod's", "",
       R"({"readinessProbe":{"httpGet":{"port":81,"host":"10.0.0.1"}}})", Kind::kNone, 0, "", 0},
      {"port out of range", "", R"({"readinessProbe":{"tcpSocket":{"port":65536}}})", Kind::kNone, 0, "", 0},
      {"liveness is no readiness", "", R"({"livenessProbe":{"tcpSocket":{"port":7}}})", Kind::kNone, 0, "",
       0},
      {"pprof port by name", "",
       R"({"ports":[{"name":"debug","containerPort":1}]},{"ports":[{"name":"pprof","containerPort":2}]})",
       Kind::kTcp, 1, "", 2},
      {"debug port by name", "", R"({"ports":[{"name":"debug","containerPort":9}]})", Kind::kTcp, 9, "", 9},
      {"annotation first", R"("annotations":{"edp.dev/pprof-port":"7000","other":"x"},)",
       R"({"ports":[{"name":"pprof","containerPort":2}]})", Kind::kTcp, 2, "", 7000},
      {"bad annotation", R"("annotations":{"edp.dev/pprof-port":"70000"},)",
       R"({"ports":[{"name":"pprof","containerPort":2}]})", Kind::kTcp, 2, "", 2},
  };
  for (const Case& one : cases) {
    const auto pod = read_pod(R"({"metadata":{)" + one.metadata + R"("name":"p"},"spec":{"containers":[)" +
                              one.containers + "]}}");
    ASSERT_TRUE(pod) << one.name << ": " << pod.error().to_string();
    EXPECT_EQ(pod->readiness.kind, one.kind) << one.name;
    EXPECT_EQ(pod->readiness.port, one.port) << one.name;
    EXPECT_EQ(pod->readiness.path, std::string_view(one.path)) << one.name;
    EXPECT_EQ(pod->pprof_port, one.pprof) << one.name;
  }
}

TEST(ReadPod, ReadsAnnotationsThatSayWherePprofIs) {
  const auto pod = read_pod(
      R"({"metadata":{"annotations":{"edp.dev/pprof-path":"/internal/pprof","edp.dev/pprof-scheme":"https"},"name":"p","deletionTimestamp":"2025-11-03T08:15:30Z"}})");
  ASSERT_TRUE(pod);
  EXPECT_EQ(pod->pprof_path, "/internal/pprof");
  EXPECT_EQ(pod->pprof_scheme, "https");
  EXPECT_TRUE(pod->deleting);
  EXPECT_FALSE(pod->enabled());
  EXPECT_EQ(pod->phase, PodPhase::kUnknown);
}

TEST(ReadPod, SumsRestartsAndFindsTheLatestEnd) {
  const auto pod = read_pod(
      R"({"metadata":{"name":"p"},"status":{"phase":"Failed","containerStatuses":[
        {"restartCount":2,"lastState":{"terminated":{"reason":"Error","exitCode":1,"finishedAt":"2025-01-01T00:00:00Z"}},
         "state":{"terminated":{"reason":"OOMKilled","exitCode":137,"finishedAt":"2025-01-03T00:00:00Z"}}},
        {"restartCount":3,"state":{"running":{}},
         "lastState":{"terminated":{"reason":"Completed","exitCode":0,"finishedAt":"2025-01-02T00:00:00Z"}}}],
        "conditions":[{"type":"Ready","status":"False","lastTransitionTime":"2025-01-03T00:00:01Z"}]}})");
  ASSERT_TRUE(pod);
  EXPECT_EQ(pod->restarts, 5);
  EXPECT_EQ(pod->last_termination.reason, "OOMKilled");
  EXPECT_EQ(pod->last_termination.exit_code, 137);
  EXPECT_EQ(pod->phase, PodPhase::kFailed);
  EXPECT_FALSE(pod->ready);
  EXPECT_EQ(pod->ready_since, parse_time("2025-01-03T00:00:01Z"));
  EXPECT_EQ(pod->runner, nullptr);
}

TEST(ReadPod, ReadsARunnersEnd) {
  // The apiserver may send status before metadata: order means nothing.
  const auto pod = read_pod(
      R"({"status":{"phase":"Failed","containerStatuses":[{"state":{"terminated":{"exitCode":3,"reason":"Error","message":"{\"schema\":\"edp.summary/v1\"}","finishedAt":"2025-01-03T00:00:00Z"}}}]},"metadata":{"name":"p","labels":{"edp.dev/run-uid":"u-1"}}})");
  ASSERT_TRUE(pod);
  ASSERT_NE(pod->runner, nullptr);
  EXPECT_EQ(pod->runner->message, R"({"schema":"edp.summary/v1"})");
  EXPECT_EQ(pod->runner->exit_code, 3);

  const auto waiting = read_pod(
      R"({"metadata":{"name":"p","labels":{"edp.dev/run-uid":"u-1"}},"status":{"containerStatuses":[{"state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image"}}}]}})");
  ASSERT_TRUE(waiting);
  ASSERT_NE(waiting->runner, nullptr);
  EXPECT_EQ(waiting->runner->waiting_reason, "ImagePullBackOff");
  EXPECT_EQ(waiting->runner->waiting_message, "Back-off pulling image");
  EXPECT_FALSE(waiting->runner->exit_code);
}

TEST(ReadPod, TakesWrongTypesAsNotSet) {
  const auto pod = read_pod(
      R"({"metadata":{"name":"p","namespace":5,"uid":["x"],"labels":[1,{"a":"b"}],"ownerReferences":{"controller":"yes"},"annotations":null},"spec":{"nodeName":{},"containers":{"ports":[[{"containerPort":1}],7,"x"],"readinessProbe":[1]}},"status":{"containerStatuses":[{"restartCount":-5,"state":[[]],"lastState":null},{"restartCount":1e300}],"podIP":true,"conditions":[[],"x",{"type":"Ready","status":true}]}})");
  ASSERT_TRUE(pod) << pod.error().to_string();
  EXPECT_TRUE(pod->ns.empty());
  EXPECT_EQ(pod->restarts, 0);
  EXPECT_FALSE(pod->ready);
}

TEST(ReadPod, SaysWhatItCannotRead) {
  std::string deep = R"({"metadata":{"name":"p"},"x":)";
  deep += std::string(200'000, '[');
  const std::pair<std::string, const char*> cases[] = {
      {"", "not valid JSON"},
      {"{", "not valid JSON"},
      {"[]", "a pod without a name"},
      {"5", "a pod without a name"},
      {"{}", "a pod without a name"},
      {R"({"metadata":{"name":""}})", "a pod without a name"},
      {"{\"metadata\":{\"name\":\"\xff\"}}", "not valid JSON"},
      {R"({"metadata":{"name":"p"}}x)", "not valid JSON"},
      {deep, "nested too deeply"},
  };
  for (const auto& [json, what] : cases) {
    const auto pod = read_pod(json);
    ASSERT_FALSE(pod) << json.substr(0, 50);
    EXPECT_EQ(pod.error().what, what) << json.substr(0, 50);
  }
}

TEST(ReadPod, OfEphemeralContainersOnlyOurs) {
  const auto pod = read_pod(R"({"metadata": {"name": "a"},
    "spec": {"ephemeralContainers": [{"name": "debugger-1"}, {"name": "edp-0123456789ab-1"},
                                     {"name": "edp-0123456789ab-2"}, {"name": "edp-0123456789ab-3"}]},
    "status": {"ephemeralContainerStatuses": [
      {"name": "debugger-1", "state": {"terminated": {"exitCode": 9, "finishedAt": "2026-01-02T03:04:05Z"}}},
      {"name": "edp-0123456789ab-1", "restartCount": 7, "state": {"terminated":
        {"exitCode": 0, "message": "the verdict", "finishedAt": "2026-01-02T03:04:05Z"}}},
      {"name": "edp-0123456789ab-2", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such"}}}]}})");
  ASSERT_TRUE(pod);
  ASSERT_TRUE(pod->ephemeral);
  const std::vector<EphemeralContainer>& ours = *pod->ephemeral;
  ASSERT_EQ(ours.size(), 3U);
  EXPECT_EQ(ours[0].state.message, "the verdict");
  EXPECT_EQ(ours[0].state.exit_code, 0);
  EXPECT_EQ(ours[0].finished, 1767323045);
  EXPECT_EQ(ours[1].state.waiting_reason, "ErrImagePull");
  EXPECT_EQ(ours[1].state.exit_code, std::nullopt);
  EXPECT_EQ(ours[2].state, RunnerPod());
  EXPECT_EQ(pod->restarts, 0) << "a runner's is none of the pod's";
  EXPECT_EQ(pod->last_termination.finished, 0);
}

}  // namespace
}  // namespace edp::watch
