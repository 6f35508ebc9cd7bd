#include "operator/tickets/jira.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "common/files.h"
#include "common/http_server.h"
#include "common/testing/temp_dir.h"
#include "operator/tickets/hook.h"
#include "operator/tickets/text.h"

namespace edp::tickets {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Ticket ticket() {
  Ticket ticket;
  ticket.ns = "shop";
  ticket.name = "checkout-0123456789";
  ticket.spec = {.rule = "GO-SYNCMAP-WRITE-HEAVY",
                 .fingerprint = "6f1c0b7a52d94e10",
                 .severity = "CRITICAL",
                 .title = "main.(*Cache).Put writes to its sync.Map",
                 .location = "main.(*Cache).Put cache.go:57",
                 .function = "main.(*Cache).Put",
                 .summary = "52% of the CPU {goes} into *stores*.",
                 .advice = "Use a sharded map.",
                 .evidence = {"CPU in stores: 52.2 percent (threshold 10, sampled)"},
                 .kind = "Deployment",
                 .name = "checkout"};
  ticket.status.label = ticket_label("prod", "shop", ticket.name);
  ticket.status.first_seen = ticket.status.last_seen = ticket.status.since = 1'700'000'000;
  ticket.status.count = 1;
  ticket.status.pod = "checkout-0";
  ticket.status.report_url = "https://reports/run_1/report.json";
  ticket.status.alerts = {"a1b2c3d4e5f60718"};
  ticket.status.key = "OPS-1";
  return ticket;
}

// What a server saw, and the answers it gives.
class Server {
 public:
  Server() : server_(http::ServerOptions{}) {
    for (const char* method : {"GET", "POST"}) {
      for (const char* path : {"/rest/api/{v}/{a}", "/rest/api/{v}/{a}/{b}", "/rest/api/{v}/{a}/{b}/{c}",
                               "/hook", "/api/{v}/{a}"}) {
        server_.route(method, path, [this](http::ServerRequest& request) { return serve(request); });
      }
    }
    EXPECT_TRUE(server_.start());
  }
  std::string url() { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  struct Answer {
    int status = 200;
    std::string body = "{}";
    std::string retry_after;
  };
  std::map<std::string, Answer> answers;  // "POST /rest/api/2/issue"
  std::vector<std::string> seen;
  std::vector<Json> bodies;
  std::map<std::string, std::string> headers;

 private:
  http::Reply serve(http::ServerRequest& request) {
    const std::lock_guard lock(mutex_);
    std::string body;
    (void)request.read_body(1 << 20, [&](std::string_view bytes) {
      body += bytes;
      return true;
    });
    const std::string what = request.method + " " + request.path;
    seen.push_back(what);
    bodies.push_back(Json::parse(body, nullptr, false));
    for (const char* name : {"Authorization", "X-EDP-Signature", "X-EDP-Event", "X-EDP-Delivery"}) {
      headers[name] = request.header(name);
    }
    raw = body;
    http::Reply reply;
    const Answer& answer = answers[what];
    reply.status = answer.status;
    reply.body = answer.body;
    if (!answer.retry_after.empty()) reply.headers.emplace_back("Retry-After", answer.retry_after);
    return reply;
  }
  std::mutex mutex_;
  http::Server server_;

 public:
  std::string raw;
};

class JiraTest : public ::testing::Test {
 protected:
  std::unique_ptr<Tracker> open(TrackerOptions options) {
    if (options.url.empty()) options.url = server_.url();
    auto tracker = open_tracker(options, [this] { return left_; }, {});
    EXPECT_TRUE(tracker) << tracker.error().to_string();
    return std::move(*tracker);
  }
  TrackerOptions jira(int version) {
    return {.kind = Kind::kJira, .api_version = version, .project = "OPS", .cluster = "prod"};
  }
  Server server_;
  std::chrono::milliseconds left_{10'000};
  edp::testing::TempDir dir_;
};

TEST_F(JiraTest, CreatesAnIssueOfVersion2) {
  server_.answers["POST /rest/api/2/issue"] = {201, R"({"id":"10","key":"OPS-7","self":"x"})"};
  TrackerOptions options = jira(2);
  options.priorities = {{"CRITICAL", "Highest"}};
  options.labels = {"team-a"};
  const auto issue = open(options)->create(ticket());
  ASSERT_TRUE(issue) << issue.error().message;
  EXPECT_EQ(issue->key, "OPS-7");
  EXPECT_EQ(issue->url, server_.url() + "/browse/OPS-7");
  const Json& fields = server_.bodies[0]["fields"];
  EXPECT_EQ(fields["project"]["key"], "OPS");
  EXPECT_EQ(fields["issuetype"]["name"], "Bug");
  EXPECT_EQ(fields["priority"]["name"], "Highest");
  EXPECT_EQ(fields["summary"], "[CRITICAL] main.(*Cache).Put writes to its sync.Map (prod/shop/checkout)");
  EXPECT_THAT(fields["labels"].get<std::vector<std::string>>(),
              ElementsAre("edp", ticket().status.label, "team-a", "alert-a1b2c3d4e5f60718"));
  EXPECT_EQ(fields["description"],
            "52% of the CPU \\{goes\\} into \\*stores\\*.\n"
            "\nh3. Where\n* Workload: Deployment shop/checkout in cluster prod\n"
            "* Code: main.(\\*Cache).Put cache.go:57\n* Pod: checkout-0\n"
            "\nh3. Evidence\n* CPU in stores: 52.2 percent (threshold 10, sampled)\n"
            "\nh3. Advice\nUse a sharded map.\n"
            "\nh3. Found\n* Rule GO-SYNCMAP-WRITE-HEAVY, fingerprint 6f1c0b7a52d94e10\n"
            "* First 2023-11-14T22:13:20Z, last 2023-11-14T22:13:20Z, 1 run\n"
            "* Report: https://reports/run_1/report.json\n* Prometheus alert: a1b2c3d4e5f60718\n"
            "\nEDP closes this issue once a validation run has shown that the finding is gone under "
            "comparable load: "
            "edp-validate.sh checkout-0123456789 -n shop. Closed by hand it is reopened.\n");
}

TEST_F(JiraTest, Version3DescribesInDocumentFormat) {
  server_.answers["POST /rest/api/3/issue"] = {201, R"({"id":"10","key":"OPS-7"})"};
  ASSERT_TRUE(open(jira(3))->create(ticket()));
  const Json& description = server_.bodies[0]["fields"]["description"];
  EXPECT_EQ(description["type"], "doc");
  EXPECT_EQ(description["version"], 1);
  EXPECT_EQ(description["content"][0]["content"][0]["text"], "52% of the CPU {goes} into *stores*.");
  EXPECT_THAT(description.dump(),
              HasSubstr(R"({"attrs":{"href":"https://reports/run_1/report.json"},"type":"link"})"));
}

TEST_F(JiraTest, SearchesByLabelAndFollowsTheSearchThatMoved) {
  server_.answers["POST /rest/api/2/search"] = {410, R"({"errorMessages":["gone"]})"};
  server_.answers["POST /rest/api/2/search/jql"] = {
      200, R"({"issues":[{"id":"3","key":"OPS-3","fields":{"status":{"statusCategory":{"key":"done"}}}}]})"};
  auto tracker = open(jira(2));
  const auto found = tracker->find(ticket());
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->key, "OPS-3");
  EXPECT_TRUE((*found)->done);
  EXPECT_THAT(server_.bodies[0]["jql"].get<std::string>(),
              HasSubstr("labels = \"" + ticket().status.label + "\""));
  (void)tracker->find(ticket());
  EXPECT_EQ(server_.seen.back(), "POST /rest/api/2/search/jql");
}

TEST_F(JiraTest, TroublesHaveTheirKindAndJirasWords) {
  auto tracker = open(jira(2));
  auto& answer = server_.answers["POST /rest/api/2/issue"];
  answer = {400, R"({"errorMessages":[],"errors":{"project":"valid project is required"}})"};
  auto issue = tracker->create(ticket());
  ASSERT_FALSE(issue);
  EXPECT_EQ(issue.error().kind, Trouble::Kind::kRefused);
  EXPECT_THAT(issue.error().message, HasSubstr("project: valid project is required (project OPS)"));
  EXPECT_FALSE(issue.error().maybe_done);
  answer = {401, "<html>"};
  EXPECT_EQ(tracker->create(ticket()).error().kind, Trouble::Kind::kCredentials);
  answer = {429, "{}", "17"};
  issue = tracker->create(ticket());
  EXPECT_EQ(issue.error().kind, Trouble::Kind::kBusy);
  EXPECT_EQ(issue.error().retry_after, 17);
  answer = {502, "<html>"};
  issue = tracker->create(ticket());
  EXPECT_EQ(issue.error().kind, Trouble::Kind::kUnreachable);
  EXPECT_TRUE(issue.error().maybe_done);
  answer = {200, "<html>a proxy's login page</html>"};
  EXPECT_TRUE(tracker->create(ticket()).error().maybe_done);
}

TEST_F(JiraTest, WhoDoesNotLeadWritesNothing) {
  left_ = std::chrono::milliseconds(0);
  const auto issue = open(jira(2))->create(ticket());
  ASSERT_FALSE(issue);
  EXPECT_EQ(issue.error().kind, Trouble::Kind::kNotLeader);
  EXPECT_TRUE(server_.seen.empty());
}

TEST_F(JiraTest, ChoosesTransitionsByTheirCategory) {
  const Json transitions = Json::parse(R"([
    {"id":"11","to":{"statusCategory":{"key":"indeterminate"}}},
    {"id":"21","to":{"statusCategory":{"key":"new"}}},
    {"id":"31","to":{"statusCategory":{"key":"done"}},
     "fields":{"resolution":{"required":true,"allowedValues":[{"name":"Won't Do"},{"name":"Fixed"}]}}}])");
  EXPECT_EQ(transition_body(transitions, true),
            Json::parse(R"({"transition":{"id":"31"},"fields":{"resolution":{"name":"Fixed"}}})"));
  EXPECT_EQ(transition_body(transitions, false), Json::parse(R"({"transition":{"id":"21"}})"));
  EXPECT_TRUE(transition_body(Json::array(), true).is_null());
}

TEST_F(JiraTest, ACommentThatWasTriedIsLookedForFirst) {
  const Say say{.ref = "0123456789", .text = "Found again", .tried = true};
  server_.answers["GET /rest/api/2/issue/OPS-1/comment"] = {
      200, R"({"comments":[{"body":"x\nEDP reference 0123456789"}]})"};
  auto tracker = open(jira(2));
  ASSERT_TRUE(tracker->comment(ticket(), say));
  EXPECT_THAT(server_.seen, ElementsAre("GET /rest/api/2/issue/OPS-1/comment"));
  server_.answers["GET /rest/api/2/issue/OPS-1/comment"] = {200, R"({"comments":[]})"};
  server_.answers["POST /rest/api/2/issue/OPS-1/comment"] = {201};
  ASSERT_TRUE(tracker->comment(ticket(), say));
  EXPECT_EQ(server_.bodies.back()["body"], "Found again\nEDP reference 0123456789");
}

TEST_F(JiraTest, CredentialsAreReadAgain) {
  TrackerOptions options = jira(2);
  options.user_file = dir_.write("user", "me@example.com\n");
  options.password_file = dir_.write("password", "one\n");
  auto tracker = open(options);
  (void)tracker->find(ticket());
  EXPECT_EQ(server_.headers["Authorization"], "Basic bWVAZXhhbXBsZS5jb206b25l");
  ASSERT_TRUE(write_file(options.password_file, "two"));
  (void)tracker->find(ticket());
  EXPECT_EQ(server_.headers["Authorization"], "Basic bWVAZXhhbXBsZS5jb206dHdv");
}

TEST_F(JiraTest, AWebhookIsSignedAndItsDeliveryHasAName) {
  TrackerOptions options{
      .kind = Kind::kWebhook, .url = server_.url() + "/hook", .hmac_file = dir_.write("hmac", "key\n")};
  auto tracker = open(options);
  ASSERT_TRUE(tracker->create(ticket()));
  EXPECT_EQ(server_.seen.back(), "POST /hook");
  EXPECT_EQ(server_.headers["X-EDP-Event"], "opened");
  EXPECT_EQ(server_.headers["X-EDP-Signature"], "sha256=" + hmac_hex("key", server_.raw));
  const std::string delivery = server_.headers["X-EDP-Delivery"];
  ASSERT_TRUE(tracker->create(ticket()));
  EXPECT_EQ(server_.headers["X-EDP-Delivery"], delivery);
  EXPECT_EQ(hmac_hex("key", "The quick brown fox jumps over the lazy dog"),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
}

TEST_F(JiraTest, AlertmanagerGetsAnAlertThatEnds) {
  auto tracker = open({.kind = Kind::kAlertmanager});
  ASSERT_TRUE(tracker->create(ticket()));
  EXPECT_EQ(server_.seen.back(), "POST /api/v2/alerts");
  EXPECT_EQ(server_.bodies.back()[0]["labels"]["alertname"], "EDPFinding");
  EXPECT_EQ(server_.bodies.back()[0]["startsAt"], "2023-11-14T22:13:20Z");
  ASSERT_TRUE(tracker->move(ticket(), true));
}

TEST(TicketRecord, SurvivesItsOwnStatus) {
  Ticket of = ticket();
  of.status.say = {{"r", "text", true}};
  of.status.validation = {.run = "u",
                          .verdict = "Gone",
                          .reason = "FindingGone",
                          .time = 1'700'000'100,
                          .load = {.cpu = 0.5, .cpu_samples = 9},
                          .statement = "{}"};
  of.status.error = "bad";
  of.status.error_reason = "Refused";
  of.status.counted.assign(40, std::string(36, 'x'));
  const std::string patch = status_patch(of, 1'700'000'200);
  EXPECT_LE(patch.size(), kMaxStatus);
  Json object = Json::parse(patch);
  object["metadata"]["name"] = "n";
  const auto back = read_ticket(object.dump());
  ASSERT_TRUE(back) << back.error().to_string();
  EXPECT_EQ(back->status.key, "OPS-1");
  EXPECT_EQ(back->status.say, of.status.say);
  EXPECT_EQ(back->status.validation.statement, "{}");
  EXPECT_EQ(back->status.error_reason, "Refused");
  EXPECT_EQ(back->status.first_seen, of.status.first_seen);
}

}  // namespace
}  // namespace edp::tickets
