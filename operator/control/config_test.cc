#include "operator/control/config.h"

#include <gtest/gtest.h>

namespace edp::control {
namespace {

TEST(Config, ReadsWhatTheChartWrites) {
  const auto config = parse_config(R"yaml(
namespace: diag
log: {level: debug, format: json}
leader: {lease: edp-operator, leaseDuration: 20s, renewDeadline: 12s, retryPeriod: 500ms}
http: {listen: "0.0.0.0:8080"}
runner:
  image: "edp:1"
  imagePullPolicy: Never
  imagePullSecrets: ["a", "b"]
  nodeSelector: {"node-role.kubernetes.io/diagnostic":"true"}
  tolerations: [{"effect":"NoSchedule","key":"k","operator":"Exists"}]
reach:
  ephemeralContainer: {enabled: true, namespaces: ["shop"]}
  node: {enabled: false, namespace: diagnostic-node, serviceAccount: edp-runner-node}
probe: {enabled: false, maxSockets: 64}
reports:
  url: https://edp-reports.x.svc:8443
  listen: "0.0.0.0:8443"
  retention: 2160h
  maxBytes: 67108864
  store: {type: volume, path: /reports, reserveBytes: 33554432}
alerts: {tokenFile: ""}
)yaml",
                                   "operator.yaml");
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_EQ(config->ns, "diag");
  EXPECT_EQ(config->lease_duration, std::chrono::seconds(20));
  EXPECT_EQ(config->retry_period, std::chrono::milliseconds(500));
  EXPECT_EQ(config->image_pull_secrets, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config->node_selector.at("node-role.kubernetes.io/diagnostic"), "true");
  EXPECT_NE(config->tolerations_json.find("\"NoSchedule\""), std::string::npos) << config->tolerations_json;
  EXPECT_TRUE(config->ephemeral_container);
  EXPECT_FALSE(config->probe);
  EXPECT_EQ(config->reports_retention, std::chrono::hours(2160));
  EXPECT_EQ(config->store_path, "/reports");
}

TEST(Config, AnEmptyFileIsAllDefaults) {
  const auto config = parse_config("", "empty");
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_EQ(config->ns, "diagnostic-system");
}

struct Wrong {
  const char *name, *yaml, *expected;
};
class WrongConfig : public testing::TestWithParam<Wrong> {};

TEST_P(WrongConfig, IsRefusedWithItsLine) {
  const auto config = parse_config(GetParam().yaml, "operator.yaml");
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().to_string().find(GetParam().expected), std::string::npos)
      << config.error().to_string();
}

INSTANTIATE_TEST_SUITE_P(
    Config, WrongConfig,
    testing::Values(Wrong{"UnknownKey", "namespace: a\nrunnr: {}\n", "line 2: unknown key 'runnr'"},
                    Wrong{"Duration", "leader: {leaseDuration: soon}", "a duration such as 15s"},
                    Wrong{"Flag", "probe: {enabled: maybe}", "true or false"},
                    Wrong{"Negative", "probe: {maxSockets: -1}", "a whole number"},
                    Wrong{"Store", "reports: {store: {type: tape}}", "volume or s3, not 'tape'"},
                    Wrong{"Address", "http: {listen: nowhere}", "'nowhere' is no address"},
                    Wrong{"Yaml", "a: [", "operator.yaml"},
                    Wrong{"Two", "a: 1\nb: 2\n", "line 1: unknown key 'a'; line 2: unknown key 'b'"}),
    [](const auto& tested) { return tested.param.name; });

TEST(Config, Addresses) {
  EXPECT_EQ(parse_address("0.0.0.0:8443")->port, 8443);
  EXPECT_EQ(parse_address("[::1]:80")->host, "::1");
  EXPECT_EQ(parse_address(":80")->host, "0.0.0.0");
  EXPECT_FALSE(parse_address("a:99999"));
}

}  // namespace
}  // namespace edp::control
