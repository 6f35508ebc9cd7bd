#include "common/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "common/testing/tcp_server.h"
#include "common/testing/temp_dir.h"
#include "common/testing/tls_identity.h"

namespace edp::http {
namespace {

using edp::testing::TcpServer;
using edp::testing::TempDir;
using edp::testing::TlsIdentity;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Connection = TcpServer::Connection;

// Long enough that only a hang would reach it.
constexpr auto kForever = std::chrono::hours(1);

struct Got {
  Response response;
  std::string body;
  [[nodiscard]] FailureKind kind() const {
    return response.failure ? response.failure->kind : FailureKind{-1};
  }
  [[nodiscard]] std::string message() const {
    return response.failure ? response.failure->message : "no failure";
  }
};

Request request_for(std::string target, steady_clock::duration time = kForever) {
  Request request;
  request.target = std::move(target);
  request.deadline = steady_clock::now() + time;
  request.max_bytes = 100'000;
  return request;
}

Got get(const std::string& url, Request request, Options options = {}, const CancelToken& cancel = {}) {
  Got got;
  request.sink = [&](std::string_view data) {
    got.body += data;
    return true;
  };
  const auto parsed = parse_url(url);
  if (!parsed) std::abort();
  got.response = Client(*parsed, std::move(options)).get(request, cancel);
  return got;
}

Got get_from(TcpServer::Handler handler, Request request = request_for("/x")) {
  const TcpServer server([&](Connection& connection) {
    if (!connection.read_request().empty()) handler(connection);
  });
  return get(server.url(), std::move(request));
}

TEST(HttpGet, DeliversTheBody) {
  std::string seen;
  const TcpServer server([&](Connection& c) {
    seen = c.read_request();
    c.answer("200 OK", "application/octet-stream", "profile");
  });
  const Got got = get(server.url(), request_for("/debug/pprof/heap?seconds=5"));
  EXPECT_FALSE(got.response.failure) << got.message();
  EXPECT_EQ(got.response.status, 200);
  EXPECT_EQ(got.response.content_type, "application/octet-stream");
  EXPECT_EQ(got.response.bytes, 7U);
  EXPECT_EQ(got.body, "profile");
  EXPECT_THAT(seen, StartsWith("GET /debug/pprof/heap?seconds=5 HTTP/1.1\r\n"));
  EXPECT_THAT(seen, Not(HasSubstr("Authorization")));
}

TEST(HttpGet, ReadsChunksAndBodiesWithoutALength) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(get_from([&](Connection& c) { c.send(head + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"); }).body,
            "abcde");
  EXPECT_EQ(get_from([&](Connection& c) { c.send("HTTP/1.0 200 OK\r\n\r\nall of it"); }).body, "all of it");
  EXPECT_EQ(get_from([&](Connection& c) { c.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); }).body,
            "");
}

TEST(HttpGet, NamesEachKindOfFailure) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  struct Case {
    const char* name;
    TcpServer::Handler handler;
    FailureKind kind;
    const char* message;
    const char* body;
  };
  const Case cases[] = {
      {"404", [](Connection& c) { c.answer("404 Not Found", "text/plain", "Unknown profile\n"); },
       FailureKind::kNotFound, "not there (status 404): Unknown profile", ""},
      {"401", [](Connection& c) { c.answer("401 Unauthorized", "text/plain", ""); },
       FailureKind::kUnauthorized, "not authorised (status 401)", ""},
      {"403", [](Connection& c) { c.answer("403 Forbidden", "text/html", "<html><b>No</b>\x1b[1m way"); },
       FailureKind::kForbidden, "forbidden (status 403): No [1m way", ""},
      {"500 of Go",
       [](Connection& c) {
         c.answer("500 Internal Server Error", "text/plain",
                  "Could not enable CPU profiling: cpu profiling already in use\n");
       },
       FailureKind::kStatus, "status 500: Could not enable CPU profiling: cpu profiling already in use", ""},
      {"204", [](Connection& c) { c.send("HTTP/1.1 204 No Content\r\n\r\n"); }, FailureKind::kStatus,
       "status 204", ""},
      {"HTML by type",
       [](Connection& c) { c.answer("200 OK", "text/html; charset=utf-8", "<title>Sign in</title>"); },
       FailureKind::kHtml, "an HTML page where a profile was expected: \"Sign in\"", ""},
      {"HTML by look", [](Connection& c) { c.answer("200 OK", "text/plain", "\n <!DOCTYPE HTML><p>hello"); },
       FailureKind::kHtml, "an HTML page where a profile was expected: \"hello\"", ""},
      {"closed at once", [](Connection&) {}, FailureKind::kClosed,
       "the connection was closed without an answer", ""},
      {"reset at once", [](Connection& c) { c.reset(); }, FailureKind::kClosed,
       "the connection was reset without an answer", ""},
      {"reset in the body",
       [&](Connection& c) {
         c.send(ok + "Content-Length: 2000\r\n\r\n" + std::string(1000, 'x'));
         c.reset();
       },
       FailureKind::kClosed, "the connection was reset", nullptr},
      {"shorter than announced", [&](Connection& c) { c.send(ok + "Content-Length: 100\r\n\r\nshort"); },
       FailureKind::kClosed, "the answer broke off after 5 bytes: the connection was closed", "short"},
      {"chunk cut off", [&](Connection& c) { c.send(ok + "Transfer-Encoding: chunked\r\n\r\nff\r\nhalf"); },
       FailureKind::kClosed, "the answer broke off after 4 bytes", "half"},
      {"chunked garbage",
       [&](Connection& c) { c.send(ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz!\r\n"); },
       FailureKind::kClosed, "its framing is malformed", "abc"},
      {"chunk of 2^64-1",
       [&](Connection& c) { c.send(ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc"); },
       FailureKind::kClosed, "its framing is malformed", ""},
      {"endless chunk size",
       [&](Connection& c) { c.send(ok + "Transfer-Encoding: chunked\r\n\r\n" + std::string(1 << 20, '1')); },
       FailureKind::kClosed, "the answer broke off after 0 bytes", ""},
      {"negative length", [&](Connection& c) { c.send(ok + "Content-Length: -1\r\n\r\nabc"); },
       FailureKind::kProtocol, "the answer's headers contradict themselves about its length", ""},
      {"two lengths",
       [&](Connection& c) { c.send(ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"); },
       FailureKind::kProtocol, "the answer's headers contradict themselves about its length", ""},
      {"length beyond 64 bit",
       [&](Connection& c) { c.send(ok + "Content-Length: 99999999999999999999999\r\n\r\nabc"); },
       FailureKind::kClosed, "the answer broke off", nullptr},
      {"not HTTP", [](Connection& c) { c.send("SSH-2.0-OpenSSH_9.2\r\n"); }, FailureKind::kProtocol,
       "no valid HTTP answer", ""},
      {"HTTP/2 preface", [](Connection& c) { c.send(std::string_view("\0\0\x12\4\0\0\0\0\0\0\3", 11)); },
       FailureKind::kProtocol, "no valid HTTP answer", ""},
      {"status line of 1 MiB", [](Connection& c) { c.send("HTTP/1.1 200 " + std::string(1 << 20, 'A')); },
       FailureKind::kProtocol, "no valid HTTP answer", ""},
      {"status line of 4 KiB",
       [&](Connection& c) { c.send("HTTP/1.1 200 " + std::string(4000, 'A') + "\r\n\r\nall"); },
       FailureKind{-1}, "no failure", "all"},
      {"header of 1 MiB", [&](Connection& c) { c.send(ok + "X: " + std::string(1 << 20, 'A') + "\r\n\r\n"); },
       FailureKind::kProtocol, "no valid HTTP answer", ""},
      {"10,000 headers",
       [&](Connection& c) {
         std::string headers;
         for (int i = 0; i < 10'000; ++i) headers += "X" + std::to_string(i) + ": y\r\n";
         c.send(ok + headers + "\r\n");
       },
       FailureKind::kProtocol, "no valid HTTP answer", ""},
      {"above the limit", [](Connection& c) { c.answer("200 OK", "text/plain", std::string(100'001, 'x')); },
       FailureKind::kTooLong, "larger than the limit of 100000 bytes (it announces 100001 bytes)", nullptr},
      {"endless",
       [&](Connection& c) {
         c.send(ok + "\r\n");
         while (c.send(std::string(10'000, 'x'))) {
         }
       },
       FailureKind::kTooLong, "larger than the limit of 100000 bytes", nullptr},
      {"endless 100 Continue",
       [&](Connection& c) {
         for (int i = 0; i < 1000 && c.send("HTTP/1.1 100 Continue\r\n\r\n"); ++i) {
         }
       },
       FailureKind::kProtocol, "no valid HTTP answer", ""},
      {"redirect elsewhere",
       [](Connection& c) {
         c.send("HTTP/1.1 302 Found\r\nLocation: http://u:hunter2@example.org/login?t=1\r\n\r\n");
       },
       FailureKind::kRedirect, "redirected to another server: http://example.org/login", ""},
      {"redirect by //",
       [](Connection& c) { c.send("HTTP/1.1 301 Moved\r\nLocation: //example.org/x\r\n\r\n"); },
       FailureKind::kRedirect, "redirected to another server", ""},
      {"redirect loop", [](Connection& c) { c.send("HTTP/1.1 307 Again\r\nLocation: /x\r\n\r\n"); },
       FailureKind::kRedirect, "redirected too often", ""},
      {"redirect to nowhere", [](Connection& c) { c.send("HTTP/1.1 302 Found\r\n\r\n"); },
       FailureKind::kProtocol, "redirected to nowhere", ""},
  };
  for (const auto& c : cases) {
    const Got got = get_from(c.handler);
    EXPECT_EQ(to_string(got.kind()), to_string(c.kind)) << c.name << ": " << got.message();
    EXPECT_THAT(got.message(), HasSubstr(c.message)) << c.name;
    EXPECT_THAT(got.message(), Not(HasSubstr("hunter2"))) << c.name;
    EXPECT_LE(got.body.size(), 100'000U) << c.name;
    if (c.body != nullptr) {
      EXPECT_EQ(got.body, c.body) << c.name;
    }
  }
}

TEST(HttpGet, GivesUpAtTheDeadline) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  struct Case {
    const char* name;
    TcpServer::Handler handler;
    const char* message;
  };
  const auto drip = [](Connection& c, std::string_view text) {
    for (size_t i = 0; c.send(text.substr(i % text.size(), 1)); ++i)
      std::this_thread::sleep_for(milliseconds(5));
  };
  const Case cases[] = {
      {"before the headers", [](Connection& c) { c.hang(); }, "no answer in time"},
      {"after the headers",
       [&](Connection& c) {
         c.send(ok + "Content-Length: 10\r\n\r\n");
         c.hang();
       },
       "the answer did not end in time"},
      {"dripping headers",
       [&](Connection& c) {
         c.send(ok);
         drip(c, "X: y\r\n");
       },
       "no answer in time"},
      {"dripping body",
       [&](Connection& c) {
         c.send(ok + "\r\n");
         drip(c, "x");
       },
       "the answer did not end in time"},
      {"dripping error body",
       [&](Connection& c) {
         c.send("HTTP/1.1 500 Oops\r\n\r\n");
         drip(c, "x");
       },
       "status 500"},
  };
  for (const auto& c : cases) {
    const Got got = get_from(c.handler, request_for("/x", milliseconds(300)));
    EXPECT_THAT(got.message(), HasSubstr(c.message)) << c.name;
  }
}

TEST(HttpGet, KeepsWhatCameBeforeTheDeadline) {
  const Got got = get_from(
      [](Connection& c) {
        c.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        c.hang();
      },
      request_for("/x", milliseconds(300)));
  EXPECT_EQ(to_string(got.kind()), "timeout");
  EXPECT_EQ(got.body, "half");
  EXPECT_EQ(got.response.bytes, 4U);
}

TEST(HttpGet, StopsWhenTheSinkHasEnough) {
  const TcpServer server([](Connection& c) {
    c.read_request();
    c.send("HTTP/1.1 200 OK\r\n\r\n");
    while (c.send(std::string(10'000, 'x'))) {
    }
  });
  Request request = request_for("/x");
  uint64_t seen = 0;
  request.sink = [&](std::string_view data) {
    seen += data.size();
    return seen < 4096;
  };
  const Response response = Client(*parse_url(server.url()), {}).get(request);
  EXPECT_FALSE(response.failure) << response.failure->message;
  EXPECT_GE(seen, 4096U);
}

TEST(HttpGet, CancelsFromAnotherThread) {
  const CancelToken cancel;
  const TcpServer server([&](Connection& c) {
    c.read_request();
    cancel.cancel();
    c.hang();
  });
  EXPECT_EQ(to_string(get(server.url(), request_for("/x"), {}, cancel).kind()), "cancelled");
  EXPECT_EQ(to_string(get(server.url(), request_for("/x"), {}, cancel).kind()), "cancelled");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpGet, OnCancelLetsThePeerFinishEarly) {
  for (const bool tls : {false, true}) {
    const TlsIdentity identity;
    const TempDir folder;
    const CancelToken cancel;
    const TcpServer server(
        [&](Connection& c) {
          c.read_request();
          cancel.cancel();
          c.hang();  // until the client's half of the connection is closed
          c.answer("200 OK", "application/octet-stream", "a shorter window");
        },
        tls ? identity.context() : nullptr);
    Request request = request_for("/profile?seconds=30");
    request.cancel_grace = std::chrono::minutes(10);
    const Got got =
        get(server.url(), request, {.ca_file = folder.write("ca.pem", identity.ca_pem())}, cancel);
    EXPECT_FALSE(got.response.failure) << got.message();
    EXPECT_TRUE(got.response.ended_early);
    EXPECT_EQ(got.body, "a shorter window");
  }
}

TEST(HttpGet, CancelGraceEnds) {
  const CancelToken cancel;
  const TcpServer server([&](Connection& c) {
    c.read_request();
    cancel.cancel();
    c.hang();
    while (c.send("")) std::this_thread::sleep_for(milliseconds(5));
  });
  Request request = request_for("/profile?seconds=30");
  request.cancel_grace = milliseconds(100);
  EXPECT_EQ(to_string(get(server.url(), request, {}, cancel).kind()), "cancelled");
}

TEST(HttpGet, RepeatsOnlyCheapRequests) {
  for (const bool cheap : {true, false}) {
    const TcpServer server([](Connection& c) {
      c.read_request();
      if (c.number > 0) c.answer("200 OK", "text/plain", "second");
    });
    Request request = request_for("/x");
    request.cheap = cheap;
    const Got got = get(server.url(), request);
    EXPECT_EQ(got.body, cheap ? "second" : "");
    EXPECT_EQ(server.connections(), cheap ? 2 : 1);
  }
}

TEST(HttpGet, FollowsRedirectsOnTheSameServer) {
  std::string origin;
  const TcpServer server([&](Connection& c) {
    const std::string request = c.read_request();
    const auto to = [&](const std::string& where) {
      c.send("HTTP/1.1 301 Moved\r\nLocation: " + where + "\r\n\r\n");
    };
    if (request.starts_with("GET /a?q ")) return to("/b/c");
    if (request.starts_with("GET /b/c ")) return to("d?r#frag");
    if (request.starts_with("GET /b/d?r ")) return to(origin + "/last");
    c.answer("200 OK", "text/plain", request.substr(0, request.find(" HTTP")));
  });
  origin = server.url();
  EXPECT_EQ(get(server.url(), request_for("/a?q")).body, "GET /last");
}

TEST(HttpGet, NamesConnectionFailures) {
  int port = 0;
  {
    port = TcpServer([](Connection&) {}).port();
  }
  const Got refused = get("http://127.0.0.1:" + std::to_string(port), request_for("/x"));
  EXPECT_EQ(to_string(refused.kind()), "refused");
  EXPECT_EQ(refused.message(), "no connection: Connection refused");

  const Got dns = get("http://no-such-host.invalid", request_for("/x", seconds(60)));
  EXPECT_EQ(to_string(dns.kind()), "dns") << dns.message();
}

TEST(HttpGet, TriesEachAddressOfAHost) {
  const TcpServer server([](Connection& c) {  // listens on 127.0.0.1 only; localhost may be ::1 as well
    c.read_request();
    c.answer("200 OK", "text/plain", "there");
  });
  EXPECT_EQ(get(server.url("localhost"), request_for("/x")).body, "there");
}

TEST(HttpAuth, SendsPasswordsAndTokens) {
  std::string seen;
  const TcpServer server([&](Connection& c) {
    seen = c.read_request();
    c.answer("200 OK", "text/plain", "");
  });
  const TempDir folder;
  const std::string port = std::to_string(server.port());
  get("http://us%65r:pa%3Ass@127.0.0.1:" + port, request_for("/x"), {.user = "other"});
  EXPECT_THAT(seen, HasSubstr("Authorization: Basic dXNlcjpwYTpzcw==\r\n"));
  get(server.url(), request_for("/x"), {.user = "user", .password_file = folder.write("pw", "pass\n")});
  EXPECT_THAT(seen, HasSubstr("Authorization: Basic dXNlcjpwYXNz\r\n"));
  get(server.url(), request_for("/x"), {.token_file = folder.write("token", "abc.def\n")});
  EXPECT_THAT(seen, HasSubstr("Authorization: Bearer abc.def\r\n"));
}

TEST(HttpAuth, ReadsTheTokenAgainOnceOn401) {
  const TempDir folder;
  const std::string token = folder.write("token", "old");
  const TcpServer server([&](Connection& c) {
    const bool right = c.read_request().find("Bearer new\r\n") != std::string::npos;
    folder.write("token", "new");
    c.answer(right ? "200 OK" : "401 Unauthorized", "text/plain", right ? "in" : "token expired");
  });
  EXPECT_EQ(get(server.url(), request_for("/x"), {.token_file = token}).body, "in");
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpAuth, AWrongTokenIsTriedOnce) {
  const TempDir folder;
  const TcpServer server([&](Connection& c) {
    c.read_request();
    c.answer("401 Unauthorized", "text/plain", "token expired");
  });
  const Got got = get(server.url(), request_for("/x"), {.token_file = folder.write("token", "s3cret")});
  EXPECT_EQ(got.message(), "not authorised (status 401): token expired");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpAuth, NamesUnusableFiles) {
  const TempDir folder;
  const auto message = [](const Options& options) {
    return get("https://127.0.0.1:9", request_for("/x"), options).message();
  };
  const std::string missing = (folder.path() / "none").string();
  EXPECT_EQ(message({.token_file = missing}), "token file " + missing + ": No such file or directory");
  EXPECT_EQ(message({.user = "u", .password_file = missing}),
            "password file " + missing + ": No such file or directory");
  EXPECT_EQ(message({.ca_file = missing}), "CA file " + missing + ": No such file or directory");
  EXPECT_THAT(message({.token_file = folder.write("empty", "\n")}), HasSubstr("empty: empty"));
  EXPECT_THAT(message({.token_file = folder.write("two", "a\r\nX: b")}),
              HasSubstr("one word of printable ASCII"));
  EXPECT_THAT(message({.token_file = folder.write("big", std::string(70'000, 'a'))}),
              HasSubstr("larger than 64 KiB"));
  EXPECT_THAT(message({.token_file = folder.path().string()}), HasSubstr("token file"));
}

void answer_hello(Connection& c) {
  if (!c.read_request().empty()) c.answer("200 OK", "text/plain", "hello");
}

TEST(HttpTls, TrustsAnOwnCa) {
  const TlsIdentity identity;
  const TempDir folder;
  const TcpServer server(answer_hello, identity.context());
  const Options options{.ca_file = folder.write("ca.pem", identity.ca_pem())};
  EXPECT_EQ(get(server.url(), request_for("/x"), options).body, "hello");
  EXPECT_EQ(get(server.url("localhost"), request_for("/x"), options).body, "hello");
}

TEST(HttpTls, RefusesWhatIsNotTrusted) {
  const TlsIdentity good;
  const TlsIdentity other_ca;
  const TlsIdentity other_name("DNS:elsewhere.example");
  const TlsIdentity other_address("IP:127.0.0.2");
  const TlsIdentity expired("DNS:localhost,IP:127.0.0.1", -7200, -3600);
  const TlsIdentity early("DNS:localhost,IP:127.0.0.1", 3600, 7200);
  struct Case {
    const char* name;
    const TlsIdentity& server;
    const TlsIdentity* ca;
    const char* host;
    const char* message;
  };
  const Case cases[] = {
      {"system roots", good, nullptr, "127.0.0.1", "name its CA with a CA file"},
      {"another CA", good, &other_ca, "127.0.0.1", "unable to get local issuer certificate"},
      {"another host", other_name, &other_name, "localhost", "hostname mismatch"},
      {"another address", other_address, &other_address, "127.0.0.1", "IP address mismatch"},
      {"expired", expired, &expired, "localhost", "certificate has expired"},
      {"not yet valid", early, &early, "localhost", "certificate is not yet valid"},
  };
  for (const auto& c : cases) {
    const TempDir folder;
    const TcpServer server(answer_hello, c.server.context());
    Options options;
    if (c.ca != nullptr) options.ca_file = folder.write("ca.pem", c.ca->ca_pem());
    const Got got = get(server.url(c.host), request_for("/x"), options);
    EXPECT_EQ(to_string(got.kind()), "tls_untrusted") << c.name << ": " << got.message();
    EXPECT_THAT(got.message(), StartsWith("TLS certificate not trusted: ")) << c.name;
    EXPECT_THAT(got.message(), HasSubstr(c.message)) << c.name;
  }
}

TEST(HttpTls, NamesWhatIsNoTls) {
  const TempDir folder;
  const TcpServer plain([](Connection& c) { c.send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  const std::string https = "https://127.0.0.1:" + std::to_string(plain.port());
  const Got got = get(https, request_for("/x"));
  EXPECT_EQ(to_string(got.kind()), "tls");
  EXPECT_THAT(got.message(), HasSubstr("is it a plain http server?"));

  const TlsIdentity identity;
  const TcpServer server(answer_hello, identity.context());
  const std::string junk = folder.write("junk.pem", "not a certificate");
  EXPECT_THAT(get(server.url(), request_for("/x"), {.ca_file = junk}).message(),
              HasSubstr("no usable PEM certificate"));

  const TcpServer silent([](Connection& c) { c.hang(); });
  const std::string hang = "https://127.0.0.1:" + std::to_string(silent.port());
  EXPECT_EQ(to_string(get(hang, request_for("/x", milliseconds(300))).kind()), "timeout");
}

TEST(HttpGet, ServesManyThreads) {
  const TcpServer server([](Connection& c) {
    c.read_request();
    c.answer("200 OK", "text/plain", std::string(50'000, 'x'));
  });
  const Client client(*parse_url(server.url()), {});
  std::atomic<uint64_t> bytes{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&] { bytes += client.get(request_for("/x")).bytes; });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(bytes, 12 * 50'000U);
}

}  // namespace
}  // namespace edp::http
