#include "operator/kube/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "common/mutex.h"
#include "common/testing/tcp_server.h"
#include "common/testing/temp_dir.h"
#include "common/testing/tls_identity.h"

namespace edp::kube {
namespace {

using edp::testing::TcpServer;
using edp::testing::TempDir;
using edp::testing::TlsIdentity;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::Not;
using Connection = TcpServer::Connection;

constexpr auto kForever = std::chrono::hours(1);

ClusterConfig config(const TcpServer& server, const TlsIdentity* identity = nullptr) {
  ClusterConfig made;
  made.server = *http::parse_url(server.url());
  if (identity != nullptr) made.ca_pem = identity->ca_pem();
  return made;
}

Call get(std::string path) { return {.path = std::move(path), .timeout = kForever}; }
Call post(std::string path, std::string body) {
  return {.method = "POST", .path = std::move(path), .body = std::move(body), .timeout = kForever};
}

// Answers each request with what `answer` makes of it, status line's end and body.
TcpServer::Handler serve(std::function<std::pair<std::string, std::string>(const std::string&)> answer) {
  return [answer = std::move(answer)](Connection& c) {
    for (std::string request; !(request = c.read_request()).empty();) {
      const size_t at = request.find("Content-Length: ");
      if (at != std::string::npos) request += c.read_bytes(std::stoul(request.substr(at + 16)));
      const auto [status, body] = answer(request);
      if (!c.answer(status, "application/json", body)) return;
    }
  };
}

TEST(KubeClient, CallsWithWhatItKnows) {
  const TlsIdentity identity;
  std::string seen;
  const TcpServer server(serve([&](const std::string& request) {
                           seen = request;
                           return std::pair<std::string, std::string>("201 Created", "{}");
                         }),
                         identity.context());
  ClusterConfig cluster = config(server, &identity);
  cluster.token = "abc";
  cluster.impersonate = {{"Impersonate-Group", "a"}, {"Impersonate-Group", "b"}};
  const auto api = connect(cluster, {.user_agent = "edp-operator/1"});
  Call patch{.method = "PATCH", .path = "/apis/edp.dev/v1alpha1/x?fieldManager=edp", .body = "{\"a\":1}"};
  patch.content_type = "application/merge-patch+json";
  patch.headers = {{"X-More", "1"}};
  const Answer answer = api->call(patch, {});
  EXPECT_TRUE(answer.ok()) << answer.explain();
  for (const char* part :
       {"PATCH /apis/edp.dev/v1alpha1/x?fieldManager=edp HTTP/1.1\r\n", "Authorization: Bearer abc\r\n",
        "User-Agent: edp-operator/1\r\n", "Accept: application/json\r\n", "X-More: 1\r\n",
        "Content-Type: application/merge-patch+json\r\n", "Impersonate-Group: a\r\n",
        "Impersonate-Group: b\r\n", "\r\n\r\n{\"a\":1}"}) {
    EXPECT_THAT(seen, HasSubstr(part));
  }
}

TEST(KubeClient, ProxyOfKubectlNeedsNoTls) {
  const TcpServer server(serve([](const std::string& request) {
    return std::pair<std::string, std::string>(
        "200 OK", request.find("Authorization") == std::string::npos ? "bare" : "");
  }));
  EXPECT_EQ(connect(config(server))->call(get("/version"), {}).body, "bare");
}

TEST(KubeClient, BasicAuth) {
  const TcpServer server(serve(
      [](const std::string& request) { return std::pair<std::string, std::string>("200 OK", request); }));
  ClusterConfig cluster = config(server);
  cluster.user = "user";
  cluster.password = "pass";
  EXPECT_THAT(connect(cluster)->call(get("/"), {}).body, HasSubstr("Authorization: Basic dXNlcjpwYXNz\r\n"));
}

TEST(KubeClient, StatusesReachTheCaller) {
  struct Case {
    const char* answer;
    int status;
    bool passing;
    std::optional<seconds> retry_after;
  };
  const Case cases[] = {
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", 404, false, {}},
      {"HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}", 409, false, {}},
      {"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}", 429, true,
       seconds(7)},
      {"HTTP/1.1 503 Unavailable\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Length: "
       "2\r\n\r\n{}",
       503, true, seconds(0)},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", 200, true, {}},
      {"", 0, true, {}},
  };
  for (const Case& one : cases) {
    const TcpServer server([&](Connection& c) {
      c.read_request();
      c.send(one.answer);
    });
    const auto api = connect(config(server));
    const Answer called = api->call(post("/x", ""), {});
    const Answer streamed = api->stream(get("/x"), kForever, [](std::string_view) { return true; }, {});
    for (const Answer& answer : {called, streamed}) {
      EXPECT_EQ(answer.status, one.status) << answer.explain();
      EXPECT_EQ(answer.passing(), one.passing) << one.status;
      EXPECT_EQ(answer.retry_after, one.retry_after) << one.status;
      EXPECT_EQ(answer.failure.has_value(), one.passing && one.status < 400) << one.status;
    }
    EXPECT_EQ(streamed.body, one.status >= 400 ? "{}" : "");
  }
}

TEST(KubeClient, StreamsChunksAsTheyCome) {
  const TlsIdentity identity;
  std::atomic<int> taken{0};
  const TcpServer server(
      [&](Connection& c) {
        c.read_request();
        c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        // The next event only when the last one has been delivered.
        for (int i = 0; i < 50; ++i) {
          c.send("2\r\n" + std::to_string(i % 10) + "\n\r\n");
          while (taken <= i && c.send("")) std::this_thread::sleep_for(milliseconds(1));
        }
        c.hang();
      },
      identity.context());
  const auto api = connect(config(server, &identity));
  std::string got;
  const Answer answer = api->stream(get("/watch"), kForever,
                                    [&](std::string_view data) {
                                      got += data;
                                      taken += static_cast<int>(std::count(data.begin(), data.end(), '\n'));
                                      return taken < 50;
                                    },
                                    {});
  EXPECT_FALSE(answer.failure) << answer.explain();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(got.size(), 100U);
}

TEST(KubeClient, StreamsEndByThemselvesOrFail) {
  struct Case {
    const char* name;
    const char* after;  // the first chunk
    bool hangs;
    milliseconds timeout, idle;
    const char* failure;
  };
  const Case cases[] = {
      {"end", "0\r\n\r\n", true, kForever, kForever, ""},
      {"cut off", "", false, kForever, kForever, "broke off after 2 bytes"},
      {"silence", "", true, kForever, milliseconds(200), "GET /watch: the connection fell silent"},
      {"time is up", "", true, milliseconds(300), kForever, "did not end in time"},
  };
  for (const Case& one : cases) {
    const TcpServer server([&](Connection& c) {
      c.read_request();
      c.send(std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n") + one.after);
      if (one.hangs) c.hang();
    });
    Call watch = get("/watch?timeoutSeconds=300");
    watch.timeout = one.timeout;
    std::string got;
    const auto sink = [&](std::string_view data) {
      got += data;
      return true;
    };
    const Answer answer = connect(config(server))->stream(watch, one.idle, sink, {});
    EXPECT_EQ(got, "{}") << one.name;
    EXPECT_EQ(answer.status, 200) << one.name;
    EXPECT_EQ(answer.failure.has_value(), *one.failure != '\0') << one.name << answer.explain();
    EXPECT_THAT(answer.explain(), HasSubstr(one.failure)) << one.name;
  }
}

TEST(KubeClient, CancelEndsStreamsAndCalls) {
  const TcpServer server([](Connection& c) {
    c.read_request();
    c.hang();
  });
  const auto api = connect(config(server));
  const CancelToken cancel;
  std::atomic<int> ended{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const Answer answer = api->stream(get("/w"), kForever, [](std::string_view) { return true; }, cancel);
      ended += answer.failure && answer.failure->what == "cancelled" ? 1 : 0;
    });
    threads.emplace_back([&] {
      const Answer answer = api->call(get("/w"), cancel);
      ended += answer.failure && answer.failure->what == "cancelled" ? 1 : 0;
    });
  }
  while (server.connections() < 6) std::this_thread::sleep_for(milliseconds(1));
  const auto start = steady_clock::now();
  cancel.cancel();
  for (auto& thread : threads) thread.join();
  EXPECT_LT(steady_clock::now() - start, seconds(3));
  EXPECT_EQ(ended, 6);
}

TEST(KubeClient, BoundsAnswersAndHeedsFences) {
  const TcpServer server(serve([](const std::string&) {
    return std::pair<std::string, std::string>("200 OK", std::string(5000, 'x'));
  }));
  const auto api = connect(config(server));
  Call small = get("/x");
  small.max_bytes = 4999;
  EXPECT_THAT(api->call(small, {}).explain(), HasSubstr("longer than the limit of 4999 bytes"));
  Call fenced = post("/x", "{}");
  fenced.permit = [] { return false; };
  const Answer answer = api->call(fenced, {});
  EXPECT_TRUE(answer.failure);
  EXPECT_EQ(answer.status, 0);
}

TEST(KubeClient, FollowsATokenFile) {
  const TempDir folder;
  std::string good = "one";
  std::atomic<int> refused{0};
  Mutex mutex;
  const TcpServer server(serve([&](const std::string& request) {
    const MutexLock lock(mutex);
    if (request.find("Bearer " + good + "\r\n") != std::string::npos)
      return std::pair<std::string, std::string>("200 OK", request.substr(request.find("\r\n\r\n") + 4));
    ++refused;
    return std::pair<std::string, std::string>("401 Unauthorized",
                                               R"({"kind":"Status","reason":"Unauthorized"})");
  }));
  ClusterConfig cluster = config(server);
  cluster.token_file = folder.write("token", "one\n");
  const auto api = connect(cluster);
  EXPECT_TRUE(api->call(get("/x"), {}).ok());
  folder.write("token", "two\n");
  {
    const MutexLock lock(mutex);
    good = "two";
  }
  EXPECT_EQ(api->call(post("/x", "body"), {}).body, "body");
  EXPECT_EQ(refused, 1);
  std::string streamed;
  folder.write("token", "three\n");
  {
    const MutexLock lock(mutex);
    good = "three";
  }
  const auto sink = [&](std::string_view data) {
    streamed += data;
    return true;
  };
  EXPECT_EQ(api->stream(get("/x"), kForever, sink, {}).status, 200);
  folder.write("token", "wrong\n");
  {
    const MutexLock lock(mutex);
    good = "four";
  }
  const Answer out = api->call(get("/x"), {});
  EXPECT_EQ(out.status, 401);
  EXPECT_EQ(out.explain(), "401 Unauthorized");
  EXPECT_THAT(out.explain(), Not(HasSubstr("wrong")));
}

TEST(KubeClient, FollowsCertificateFiles) {
  const TempDir folder;
  TlsIdentity client_ca;
  TlsIdentity other_ca;
  TlsIdentity one;
  TlsIdentity two;
  one.demand_clients_of(client_ca);
  two.demand_clients_of(other_ca);
  const auto first = client_ca.client("edp");
  const auto second = other_ca.client("edp");
  ClusterConfig cluster;
  cluster.ca_file = folder.write("ca.crt", one.ca_pem());
  cluster.certificate_file = folder.write("tls.crt", first.certificate_pem);
  cluster.key_file = folder.write("tls.key", first.key_pem);
  // The front decides by connection which identity it shows.
  const auto ok =
      serve([](const std::string&) { return std::pair<std::string, std::string>("200 OK", "{}"); });
  auto server = std::make_unique<TcpServer>(ok, one.context());
  cluster.server = *http::parse_url(server->url());
  const auto api = connect(cluster);
  ASSERT_TRUE(api->call(get("/x"), {}).ok());

  // Half of a rotation: a certificate that is not the key's. What is in use stays.
  folder.write("tls.crt", second.certificate_pem);
  EXPECT_TRUE(api->call(get("/x"), {}).ok());

  const int port = server->port();
  server.reset();
  folder.write("tls.key", second.key_pem);
  folder.write("ca.crt", two.ca_pem());
  const TcpServer renewed(ok, two.context(), port);
  const Answer after = api->call(get("/x"), {});
  EXPECT_TRUE(after.ok()) << after.explain();
}

TEST(KubeClient, RepairsWhatWasMissingAtFirst) {
  const TempDir folder;
  const TlsIdentity identity;
  const TcpServer server(
      serve([](const std::string&) { return std::pair<std::string, std::string>("200 OK", "{}"); }),
      identity.context());
  ClusterConfig cluster = config(server);
  cluster.ca_file = (folder.path() / "ca.crt").string();
  const auto api = connect(cluster);
  EXPECT_THAT(api->call(get("/x"), {}).explain(), HasSubstr("ca.crt: cannot be read: No such file"));
  folder.write("ca.crt", "");
  EXPECT_THAT(api->call(get("/x"), {}).explain(), HasSubstr("ca.crt: is empty"));
  folder.write("ca.crt", identity.ca_pem());
  EXPECT_TRUE(api->call(get("/x"), {}).ok());
}

// A plugin that counts its runs and prints what is in a file.
std::string plugin(const TempDir& folder) {
  std::string path = folder.write(
      "plugin", "#!/bin/sh\ncd '" + folder.path().string() + "'\necho x >> runs\ncat credential\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}
size_t runs(const TempDir& folder) {
  std::error_code none;
  const auto size = std::filesystem::file_size(folder.path() / "runs", none);
  return none ? 0 : size / 2;
}
void prints(const TempDir& folder, const std::string& status) {
  folder.write(
      "credential",
      R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":)" + status + "}");
}

TEST(KubeClient, RunsAPluginWhenItMust) {
  const TempDir folder;
  std::atomic<int> good{1};
  const TcpServer server(serve([&](const std::string& request) {
    const bool in = request.find("Bearer t" + std::to_string(good.load()) + "\r\n") != std::string::npos;
    return std::pair<std::string, std::string>(in ? "200 OK" : "401 Unauthorized", "{}");
  }));
  ClusterConfig cluster = config(server);
  cluster.exec = ExecPlugin{.command = plugin(folder), .api_version = "client.authentication.k8s.io/v1"};
  prints(folder, R"({"token":"t1"})");
  const auto api = connect(cluster);
  std::vector<std::thread> threads;
  std::atomic<int> ok{0};
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { ok += api->call(get("/x"), {}).ok() ? 1 : 0; });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ok, 8);
  EXPECT_EQ(runs(folder), 1U);

  std::this_thread::sleep_for(milliseconds(250));
  prints(folder, R"({"token":"t2","expirationTimestamp":"2015-10-21T07:28:00Z"})");
  good = 2;
  EXPECT_TRUE(api->call(get("/x"), {}).ok());
  EXPECT_EQ(runs(folder), 2U);
  // What has expired is asked for again without waiting for a 401.
  std::this_thread::sleep_for(milliseconds(250));
  EXPECT_TRUE(api->call(get("/x"), {}).ok());
  EXPECT_EQ(runs(folder), 3U);
}

TEST(KubeClient, TakesAPluginsCertificate) {
  const TempDir folder;
  TlsIdentity ca;
  TlsIdentity identity;
  identity.demand_clients_of(ca);
  const auto pair = ca.client("edp");
  const auto escaped = [](std::string pem) {
    for (size_t at = 0; (at = pem.find('\n', at)) != std::string::npos;) pem.replace(at, 1, "\\n");
    return pem;
  };
  const TcpServer server(
      serve([](const std::string&) { return std::pair<std::string, std::string>("200 OK", "{}"); }),
      identity.context());
  ClusterConfig cluster = config(server, &identity);
  cluster.exec = ExecPlugin{.command = plugin(folder), .api_version = "client.authentication.k8s.io/v1"};
  prints(folder, R"({"clientCertificateData":")" + escaped(pair.certificate_pem) + R"(","clientKeyData":")" +
                     escaped(pair.key_pem) + "\"}");
  const Answer answer = connect(cluster)->call(get("/x"), {});
  EXPECT_TRUE(answer.ok()) << answer.explain();
  EXPECT_EQ(runs(folder), 1U);
}

TEST(KubeClient, SurvivesAServerThatRestarts) {
  const TlsIdentity identity;
  const auto ok =
      serve([](const std::string&) { return std::pair<std::string, std::string>("200 OK", "{}"); });
  auto server = std::make_unique<TcpServer>(ok, identity.context());
  const auto api = connect(config(*server, &identity));
  const int port = server->port();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(api->call(post("/x", "{}"), {}).ok());
    server.reset();
    EXPECT_THAT(api->call(get("/x"), {}).explain(), HasSubstr("Connection refused"));
    server = std::make_unique<TcpServer>(ok, identity.context(), port);
  }
}

}  // namespace
}  // namespace edp::kube
