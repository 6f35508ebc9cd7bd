#include "operator/serve/alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/raw_client.h"
#include "common/testing/temp_dir.h"
#include "operator/serve/ops.h"

namespace edp::serve {
namespace {

using edp::testing::RawClient;
using edp::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// As Alertmanager 0.25 sends it.
const std::string kPayload = R"({"receiver":"edp","status":"firing","alerts":[
 {"status":"firing","labels":{"alertname":"HighLatency","namespace":"shop","pod":"checkout-7d4b9-x2x","severity":"critical"},
  "annotations":{"summary":"p99 over 1 s"},"startsAt":"2026-01-02T03:04:05.678Z","endsAt":"0001-01-01T00:00:00Z",
  "generatorURL":"http://prometheus/graph?g0.expr=x","fingerprint":"b7ab67b2d4a5c5d2"},
 {"status":"resolved","labels":{"alertname":"HighLatency"},"annotations":{},"startsAt":"2026-01-02T03:04:05+02:00",
  "endsAt":"2026-01-02T04:04:05Z","generatorURL":"","fingerprint":"0011223344556677"}],
 "groupLabels":{},"commonLabels":{"alertname":"HighLatency"},"commonAnnotations":{},"externalURL":"http://alertmanager",
 "version":"4","groupKey":"{}:{}","truncatedAlerts":0})";

TEST(Alerts, AreReadFromAlertmanagersPayload) {
  const auto alerts = parse_alerts(kPayload, 10);
  ASSERT_TRUE(alerts) << alerts.error().to_string();
  ASSERT_EQ(alerts->size(), 2U);
  const Alert& first = alerts->front();
  EXPECT_EQ(first.fingerprint, "b7ab67b2d4a5c5d2");
  EXPECT_TRUE(first.firing);
  EXPECT_EQ(first.labels.at("pod"), "checkout-7d4b9-x2x");
  EXPECT_EQ(first.annotations.at("summary"), "p99 over 1 s");
  EXPECT_EQ(first.starts_at, 1767323045);
  EXPECT_FALSE(alerts->back().firing);
  EXPECT_EQ(alerts->back().starts_at, 1767323045 - 7200);
  EXPECT_EQ(parse_alerts(kPayload, 1)->size(), 1U);
}

TEST(Alerts, ThatAreNoneAreNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "in the middle"},
      {"[]", "no JSON object"},
      {R"({"version":"3","alerts":[]})", "version 4"},
      {R"({"alerts":[]})", "version 4"},
      {R"({"version":"4"})", "no list of alerts"},
      {R"({"version":"4","alerts":{}})", "no list"},
      {R"({"version":"4","alerts":[1]})", "no object"},
      {R"({"version":"4","alerts":[{"status":"firing"}]})", "without fingerprint"},
      {R"({"version":"4","alerts":[{"status":"odd","fingerprint":"a"}]})", "without fingerprint or status"},
      {"{\"version\":\"4\",\"alerts\":[{\"status\":\"firing\",\"fingerprint\":\"\xff\"}]}", "UTF-8"},
      {R"({"version":"4","alerts":)" + std::string(1000, '['), "nested deeper"},
  };
  for (const auto& [text, says] : cases) {
    const auto alerts = parse_alerts(text, 10);
    ASSERT_FALSE(alerts) << text;
    EXPECT_THAT(alerts.error().what, HasSubstr(says)) << text;
  }
}

class AlertRoute : public ::testing::Test {
 protected:
  AlertRoute() : server(http::ServerOptions{}) {
    AlertOptions options;
    options.token_file = dir.write("token", "s3cret\n");
    options.max_bytes = 5000;
    options.on_alerts = [this](std::vector<Alert> alerts) { seen += alerts.size(); };
    add_alert_route(server, std::move(options), nullptr);
    OpsCallbacks ops;
    ops.unhealthy = [this] { return unhealthy; };
    ops.unready = [] { return std::string("pods: not listed yet"); };
    ops.metrics = [] { return std::string("edp_up 1\n"); };
    add_ops_routes(server, std::move(ops));
    EXPECT_TRUE(server.start());
  }
  std::string ask(const std::string& text) {
    RawClient client(server.port());
    client.send(text);
    return client.read_answer();
  }
  std::string post(const std::string& token, const std::string& body) {
    return ask("POST /api/v1/alerts HTTP/1.1\r\n" +
               (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  TempDir dir;
  std::string unhealthy;
  std::atomic<size_t> seen{0};
  http::Server server;
};

TEST_F(AlertRoute, TakesAlertsFromWhoKnowsTheToken) {
  EXPECT_THAT(post("s3cret", kPayload), HasSubstr("{\"accepted\":2}"));
  EXPECT_THAT(post("s3cret", kPayload), StartsWith("HTTP/1.1 202"));
  EXPECT_EQ(seen, 4U);
  EXPECT_THAT(post("", kPayload), HasSubstr("NoToken"));
  EXPECT_THAT(post("wrong", kPayload), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(post("s3cre", kPayload), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(post("s3cret", "{}"), StartsWith("HTTP/1.1 422"));
  EXPECT_THAT(post("s3cret", std::string(5001, ' ')), StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(seen, 4U);
}

TEST_F(AlertRoute, FollowsTheTokenFile) {
  EXPECT_THAT(post("s3cret", kPayload), StartsWith("HTTP/1.1 202"));
  dir.write("token", "changed");
  EXPECT_THAT(post("changed", kPayload), StartsWith("HTTP/1.1 202"));
  EXPECT_THAT(post("s3cret", kPayload), StartsWith("HTTP/1.1 401"));
  dir.write("token", "\n");
  EXPECT_THAT(post("s3cret", kPayload), StartsWith("HTTP/1.1 401"));  // makes us look
  EXPECT_THAT(post("", kPayload), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(post("changed", kPayload), StartsWith("HTTP/1.1 503"));
}

TEST_F(AlertRoute, OpsTellHowWeAre) {
  EXPECT_THAT(ask("GET /healthz HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  unhealthy = "watch of pods has stalled";
  const std::string sick = ask("GET /healthz HTTP/1.1\r\n\r\n");
  EXPECT_THAT(sick, StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(sick, HasSubstr("watch of pods has stalled\n"));
  EXPECT_THAT(ask("GET /readyz HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 503"));
  const std::string metrics = ask("GET /metrics HTTP/1.1\r\n\r\n");
  EXPECT_THAT(metrics, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(metrics, HasSubstr("\r\n\r\nedp_up 1\n"));
}

}  // namespace
}  // namespace edp::serve
