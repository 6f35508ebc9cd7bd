#include "operator/serve/forwarder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "common/files.h"
#include "common/testing/tcp_server.h"
#include "operator/serve/testing/service.h"

namespace edp::serve {
namespace {

using edp::testing::TempDir;
using edp::testing::TlsIdentity;
using testing::get;
using testing::Got;
using ::testing::HasSubstr;
using testing::key;
using testing::Service;

std::string report(size_t size) {
  std::string text = R"({"schema":"edp.report/v1"})";
  text.insert(text.size() - 1, size, ' ');
  return text;
}
std::string reason(const Got& got) {
  const auto json = nlohmann::json::parse(got.body, nullptr, false);
  return json.is_object() ? json.value("reason", "") : "no JSON: " + got.body;
}

// Two replicas with a certificate for the service's name; the first one leads.
class Replicas : public ::testing::Test {
 protected:
  Replicas()
      : identity(std::make_shared<TlsIdentity>("DNS:edp-operator.edp.svc,IP:127.0.0.1")),
        ca(dir.write("ca.crt", identity->ca_pem())),
        spool((std::filesystem::create_directory(dir.path() / "spool"), (dir.path() / "spool").string())),
        leader({}, nullptr, identity),
        forwarder(options()),
        standby({}, &forwarder, identity) {
    address = LeaderAddress{"127.0.0.1", leader.server->port()};
    for (Service* one : {&leader, &standby}) {
      one->runner_token("runner-1", 1);
    }
  }
  ForwarderOptions options() {
    ForwarderOptions with;
    with.is_leader = [this] { return standby_leads.load(); };
    with.leader = [this]() -> std::optional<LeaderAddress> {
      const MutexLock lock(mutex);
      return address;
    };
    with.ca_file = ca;
    with.server_name = "edp-operator.edp.svc";
    with.spool_dir = spool;
    with.log = [this](std::string_view line) {
      const MutexLock lock(mutex);
      logged += std::string(line) + "\n";
    };
    return with;
  }
  void lead(std::optional<LeaderAddress> who) {
    const MutexLock lock(mutex);
    address = std::move(who);
  }
  std::string log() {
    const MutexLock lock(mutex);
    return logged;
  }
  TempDir dir;
  std::shared_ptr<TlsIdentity> identity;
  std::string ca, spool;
  Mutex mutex;
  std::optional<LeaderAddress> address EDP_GUARDED_BY(mutex);
  std::string logged EDP_GUARDED_BY(mutex);
  std::atomic<bool> standby_leads{false};
  Service leader;
  Forwarder forwarder;
  Service standby;
};

TEST_F(Replicas, TheStandbyPassesUploadsAndDownloadsOn) {
  for (const size_t size : {size_t{10}, size_t{900'000}}) {
    const std::string text = report(size);
    const Got put =
        standby.upload("runner-1", key(1), text, {{"X-EDP-Digest", "sha256:" + sha256_hex(text)}});
    EXPECT_EQ(put.status, 201) << put.body;
    EXPECT_EQ(get(*leader.store, key(1)), text);
    EXPECT_EQ(standby.store->find(key(1)).error().kind, StoreErrorKind::kNotFound);
    const Got got = standby.fetch("alice", Service::path(key(1)));
    const Got direct = leader.fetch("alice", Service::path(key(1)));
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.body, text);
    EXPECT_EQ(got.headers, direct.headers);
    const Got head = standby.fetch("alice", Service::path(key(1)), {}, "HEAD");
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.headers.at("content-length"), std::to_string(text.size()));
    EXPECT_EQ(
        standby.fetch("alice", Service::path(key(1)), {{"If-None-Match", got.headers.at("etag")}}).status,
        304);
  }
  EXPECT_EQ(standby.fetch("alice", "/api/v1/runs/shop/why-slow").status, 200);
  EXPECT_EQ(leader.events().size(), standby.events().size() + leader.events().size())
      << "only the leader acts";
  EXPECT_TRUE(std::filesystem::is_empty(spool));
}

TEST_F(Replicas, TheLeaderJudges) {
  EXPECT_EQ(standby.fetch("bob", Service::path(key(1))).status, 403);
  const Got anonymous = standby.fetch("", Service::path(key(1)));
  EXPECT_EQ(anonymous.status, 401);
  EXPECT_EQ(anonymous.headers.count("www-authenticate"), 1U);
  EXPECT_EQ(reason(standby.upload("runner-1", key(2), report(1))), "OtherTarget");
  EXPECT_EQ(reason(standby.upload("runner-1", key(1), report(2'000'000))), "TooLarge");
  EXPECT_EQ(reason(standby.upload("runner-1", key(1), "no report")), "NotAReport");
}

TEST_F(Replicas, TheStandbySpoolsNothingForStrangers) {
  const int before = leader.api.token_reviews;
  EXPECT_EQ(reason(standby.upload("stolen", key(1), report(900'000))), "BadToken");
  EXPECT_EQ(reason(standby.upload("", key(1), report(900'000))), "NoToken");
  EXPECT_EQ(standby.upload("runner-1", {"..", "x", "y", "z", ReportFile::kJson}, report(1)).status, 404);
  EXPECT_EQ(leader.api.token_reviews, before);
}

TEST_F(Replicas, WithoutALeaderClientsAreToldToComeAgain) {
  lead(std::nullopt);
  const Got none = standby.fetch("alice", Service::path(key(1)));
  EXPECT_EQ(none.status, 503);
  EXPECT_EQ(reason(none), "NoLeader");
  EXPECT_EQ(none.headers.at("retry-after"), "5");
  lead(LeaderAddress{"127.0.0.1", 1});
  const Got gone = standby.upload("runner-1", key(1), report(1));
  EXPECT_EQ(gone.status, 503);
  EXPECT_EQ(reason(gone), "LeaderUnreachable");
  EXPECT_EQ(gone.body.find("127.0.0.1"), std::string::npos);
  EXPECT_THAT(log(), HasSubstr("127.0.0.1"));
  // A new leader is found at once.
  lead(LeaderAddress{"127.0.0.1", leader.server->port()});
  EXPECT_EQ(standby.upload("runner-1", key(1), report(1)).status, 201);
  standby_leads = true;
  EXPECT_EQ(standby.upload("runner-1", key(1), report(2)).status, 201);
  EXPECT_EQ(get(*standby.store, key(1)), report(2));
  EXPECT_EQ(get(*leader.store, key(1)), report(1));
}

TEST_F(Replicas, NothingGoesInCircles) {
  lead(LeaderAddress{"127.0.0.1", standby.server->port()});  // it takes itself for the leader's address
  const Got got = standby.fetch("alice", Service::path(key(1)));
  EXPECT_EQ(got.status, 508);
  EXPECT_EQ(reason(got), "NotTheLeader");
}

TEST_F(Replicas, TokensGoToTheRealLeaderOnly) {
  std::atomic<int> requests{0};
  const auto count = [&](edp::testing::TcpServer::Connection& connection) {
    if (!connection.read_request().empty()) ++requests;
  };
  // Signed by another authority; and of ours, but for another name.
  const TlsIdentity stranger("DNS:edp-operator.edp.svc");
  const edp::testing::TcpServer other(count, stranger.context());
  lead(LeaderAddress{"127.0.0.1", static_cast<uint16_t>(other.port())});
  EXPECT_EQ(reason(standby.fetch("alice", Service::path(key(1)))), "LeaderUnreachable");

  Service named({}, nullptr, std::make_shared<TlsIdentity>("DNS:edp-console.edp.svc,IP:127.0.0.1"));
  dir.write("ca.crt", named.identity->ca_pem());
  lead(LeaderAddress{"127.0.0.1", named.server->port()});
  EXPECT_EQ(reason(standby.fetch("alice", Service::path(key(1)))), "LeaderUnreachable");
  EXPECT_TRUE(named.events().empty());
  EXPECT_THAT(log(), HasSubstr("issuer certificate"));
  EXPECT_THAT(log(), HasSubstr("hostname mismatch"));
  EXPECT_EQ(requests, 0);
}

TEST_F(Replicas, AnswersThatBreakOffAreNoAnswers) {
  const edp::testing::TcpServer liar(
      [](edp::testing::TcpServer::Connection& connection) {
        connection.read_request();
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
      },
      identity->context());
  lead(LeaderAddress{"127.0.0.1", static_cast<uint16_t>(liar.port())});
  EXPECT_EQ(reason(standby.fetch("alice", Service::path(key(1)))), "LeaderUnreachable");
}

}  // namespace
}  // namespace edp::serve
