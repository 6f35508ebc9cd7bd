// The S3 store against versitygw, over TLS.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <thread>

#include "common/files.h"
#include "common/http_session.h"
#include "common/testing/tcp_server.h"
#include "common/testing/temp_dir.h"
#include "common/testing/tls_identity.h"
#include "operator/serve/s3_sign.h"
#include "operator/serve/s3_store.h"
#include "operator/serve/testing/keys.h"

extern char** environ;

namespace edp::serve {
namespace {

using edp::testing::TempDir;
using edp::testing::TlsIdentity;
using ::testing::AnyOf;
using testing::get;
using ::testing::HasSubstr;
using testing::key;
using testing::put;

uint16_t free_port() {
  const edp::testing::TcpServer taken([](edp::testing::TcpServer::Connection&) {});
  return static_cast<uint16_t>(taken.port());
}

class Gateway {
 public:
  Gateway() : port(free_port()) {
    std::filesystem::create_directories(dir.path() / "data");
    const char* home = std::getenv("HOME");
    const char* given = std::getenv("EDP_VERSITYGW");
    const std::string program =
        given != nullptr ? given
                         : std::string(home == nullptr ? "" : home) + "/.cache/edp-cluster/tools/versitygw";
    if (::access(program.c_str(), X_OK) != 0) {
      ADD_FAILURE() << program
                    << " is missing:\n  GOBIN=" << std::filesystem::path(program).parent_path().string()
                    << " go install github.com/versity/versitygw/cmd/versitygw@v1.8.0";
      return;
    }
    const std::string address = "127.0.0.1:" + std::to_string(port);
    std::vector<std::string> words = {program,
                                      "--access",
                                      "edpkey",
                                      "--secret",
                                      "edpsecret",
                                      "--port",
                                      address,
                                      "--cert",
                                      dir.write("tls.crt", identity.certificate_pem()),
                                      "--key",
                                      dir.write("tls.key", identity.key_pem()),
                                      "posix",
                                      (dir.path() / "data").string()};
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const std::string log = (dir.path() / "log").string();
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    EXPECT_EQ(posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    make_bucket();
  }
  ~Gateway() { stop(); }
  void stop() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    pid = -1;
  }
  void make_bucket() {
    s3::Request request;
    request.method = "PUT";
    request.host = "127.0.0.1:" + std::to_string(port);
    request.path = "/edp";
    request.payload_sha256 = sha256_hex("");
    http::Peer peer;
    peer.url = {.tls = true, .host = "127.0.0.1", .port = port};
    peer.tls.ca_pem = identity.ca_pem();
    http::SessionPool pool(peer);
    http::Received answer;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < until) {
      request.time = std::time(nullptr);
      http::Message message;
      message.method = "PUT";
      message.target = s3::target(request);
      message.headers = s3::sign(request, {"edpkey", "edpsecret", ""});
      message.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      answer = pool.call(message, 65536, {});
      if (answer.status != 0) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ASSERT_EQ(answer.status, 200) << answer.body << (answer.failure ? answer.failure->message : "")
                                  << read_file((dir.path() / "log").string(), 65536).value_or("");
  }
  TempDir dir;
  TlsIdentity identity;
  uint16_t port;
  pid_t pid = -1;
};

class RealS3 : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { gateway = std::make_unique<Gateway>(); }
  static void TearDownTestSuite() { gateway.reset(); }
  S3Options options(const std::string& prefix) {
    S3Options with;
    with.endpoint = "https://127.0.0.1:" + std::to_string(gateway->port);
    with.bucket = "edp";
    with.prefix = prefix;
    with.access_key_file = dir.write("access", "edpkey");
    with.secret_key_file = dir.write("secret", "edpsecret");
    with.ca_file = dir.write("ca", gateway->identity.ca_pem());
    with.spool_dir = dir.path().string();
    with.spool_reserve_bytes = 0;
    return with;
  }
  static std::unique_ptr<ReportStore> open(const S3Options& with) {
    auto store = open_s3_store(with);
    EXPECT_TRUE(store);
    return std::move(*store);
  }
  static std::unique_ptr<Gateway> gateway;
  TempDir dir;
};
std::unique_ptr<Gateway> RealS3::gateway;

TEST_F(RealS3, KeepsReportsOfEverySize) {
  const auto store = open(options("sizes/"));
  EXPECT_EQ(store->trouble(), "");
  int pod = 0;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{70'000}, size_t{64} << 20U}) {
    std::string text(size, 'x');
    if (!text.empty()) text.back() = static_cast<char>('a' + pod);
    const auto ref = put(*store, key(++pod), text);
    ASSERT_TRUE(ref) << ref.error().error.to_string();
    EXPECT_EQ(get(*store, key(pod)), text);
    const auto found = store->find(key(pod));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->digest, "sha256:" + sha256_hex(text));
    EXPECT_NEAR(static_cast<double>(found->stored), static_cast<double>(std::time(nullptr)), 120);
  }
  EXPECT_EQ(store->find(key(77)).error().kind, StoreErrorKind::kNotFound);
}

TEST_F(RealS3, TwoReplicasSeeTheSame) {
  const auto one = open(options("two/"));
  const auto two = open(options("two/"));
  ASSERT_TRUE(put(*one, key(1), "first", 1));
  EXPECT_EQ(get(*two, key(1)), "first");
  ASSERT_TRUE(put(*two, key(1), "second", 2));
  EXPECT_EQ(get(*one, key(1)), "second");
  EXPECT_EQ(put(*one, key(1), "late", 1).error().kind, StoreErrorKind::kSuperseded);
  std::vector<std::thread> writers;
  std::atomic<int> failed{0};
  for (int t = 0; t < 6; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string text = std::to_string(t) + "." + std::to_string(i);
        failed += put(t % 2 == 0 ? *one : *two, key(10 + t), text) ? 0 : 1;
        failed += get(t % 2 == 0 ? *two : *one, key(10 + t)) == text ? 0 : 1;
      }
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(one->index("shop", "why-slow")->size(), 7U);
}

TEST_F(RealS3, ListsMoreThanAPageAndForgetsTheOld) {
  const auto store = open(options("pages/"));
  std::vector<std::thread> writers;
  std::atomic<int> failed{0};
  for (int t = 0; t < 4; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < 275; ++i)
        failed += put(*store, key(t * 1000 + i), "r" + std::to_string(t * 1000 + i)) ? 0 : 1;
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  const auto list = store->index("shop", "why-slow");
  ASSERT_TRUE(list) << list.error().error.to_string();
  EXPECT_EQ(list->size(), 1100U);
  auto swept = store->sweep(std::time(nullptr), std::chrono::hours(24 * 90), {});
  ASSERT_TRUE(swept) << swept.error().error.to_string();
  EXPECT_EQ(swept->kept, 1100U);
  EXPECT_EQ(swept->reports_removed + swept->leftovers_removed, 0U);
  swept = store->sweep(std::time(nullptr) + 91 * 86'400, std::chrono::hours(24 * 90), {});
  ASSERT_TRUE(swept) << swept.error().error.to_string();
  EXPECT_EQ(swept->reports_removed, 1100U);
  EXPECT_EQ(store->index("shop", "why-slow")->size(), 0U);
}

TEST_F(RealS3, NamesWrongKeysAndBuckets) {
  S3Options with = options("wrong/");
  with.secret_key_file = dir.write("bad", "wrong");
  EXPECT_THAT(put(*open(with), key(1), "x").error().error.to_string(), HasSubstr("SignatureDoesNotMatch"));
  with = options("wrong/");
  with.access_key_file = dir.write("bad", "nobody");
  // The service's own word for what S3 calls InvalidAccessKeyId.
  EXPECT_THAT(open(with)->trouble(), AnyOf(HasSubstr("InvalidAccessKeyId"), HasSubstr("XAdminUserNotFound")));
  with = options("wrong/");
  with.bucket = "none";
  const auto error = open(with)->find(key(1)).error();
  EXPECT_EQ(error.kind, StoreErrorKind::kBroken);
  EXPECT_THAT(error.error.to_string(), HasSubstr("NoSuchBucket"));
  with = options("wrong/");
  with.ca_file = dir.write("ca2", TlsIdentity().ca_pem());
  EXPECT_THAT(open(with)->trouble(), HasSubstr("not trusted"));
}

}  // namespace
}  // namespace edp::serve
