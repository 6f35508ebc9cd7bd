#include "common/http_session.h"

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
constexpr uint64_t kMany = 1 << 20;

Message message(std::string method, std::string target, steady_clock::duration time = kForever) {
  Message made;
  made.method = std::move(method);
  made.target = std::move(target);
  made.deadline = steady_clock::now() + time;
  return made;
}

Peer peer(const TcpServer& server, TlsOptions tls = {}, std::string_view host = "127.0.0.1") {
  return {.url = *parse_url(server.url(host)), .tls = std::move(tls)};
}

std::string kind(const std::optional<Failure>& failure) {
  return failure ? std::string(to_string(failure->kind)) : "none";
}
std::string text(const std::optional<Failure>& failure) { return failure ? failure->message : ""; }

// Answers every request of a connection alike.
void answer_all(Connection& c, std::string_view body) {
  while (!c.read_request().empty()) c.answer("200 OK", "text/plain", body);
}

TEST(Session, SendsWhatItIsGiven) {
  struct Case {
    const char* method;
    std::string body;
    const char* content_type;
    std::vector<const char*> seen;
  };
  const Case cases[] = {
      {"GET", "", "", {"GET /api/v1/pods?limit=5 HTTP/1.1\r\n", "Host: 127.0.0.1:", "X-Extra: 1\r\n"}},
      {"POST",
       "{}",
       "application/json",
       {"Content-Length: 2\r\n", "Content-Type: application/json\r\n", "\r\n\r\n{}"}},
      {"PUT", std::string(300'000, 'x'), "text/html", {"Content-Length: 300000\r\n"}},
      {"PATCH", "[]", "application/merge-patch+json", {"Content-Type: application/merge-patch+json\r\n"}},
      {"DELETE", "", "", {"DELETE /api/v1/pods?limit=5 HTTP/1.1\r\n"}},
      {"DELETE", "{\"a\":1}", "application/json", {"Content-Length: 7\r\n", "\r\n\r\n{\"a\":1}"}},
      {"POST", "", "", {"Content-Length: 0\r\n"}},
  };
  for (const bool tls : {false, true}) {
    const TlsIdentity identity;
    std::string seen;
    const TcpServer server(
        [&](Connection& c) {
          for (const Case& one : cases) {
            seen = c.read_request();
            seen += c.read_bytes(one.body.size());
            c.answer("200 OK", "text/plain", one.method);
          }
        },
        tls ? identity.context() : nullptr);
    SessionPool pool(peer(server, {.ca_pem = identity.ca_pem()}));
    for (const Case& one : cases) {
      Message what = message(one.method, "/api/v1/pods?limit=5");
      what.headers = {{"X-Extra", "1"}};
      what.body = one.body;
      what.content_type = one.content_type;
      const Received got = pool.call(what, kMany, {});
      EXPECT_TRUE(got.ok()) << text(got.failure);
      EXPECT_EQ(got.body, one.method);
      EXPECT_TRUE(got.sent);
      EXPECT_THAT(seen, HasSubstr("User-Agent: edp\r\n"));
      EXPECT_THAT(seen, Not(HasSubstr("Connection: close")));
      for (const char* part : one.seen) EXPECT_THAT(seen, HasSubstr(part));
      EXPECT_TRUE(seen.ends_with(one.body));
    }
    EXPECT_EQ(server.connections(), 1);
  }
}

TEST(SessionByProxy, TunnelsToServersOfHttps) {
  const TlsIdentity identity;
  std::string at_server;
  const TcpServer server(
      [&](Connection& c) {
        for (std::string one; !(one = c.read_request()).empty(); c.answer("200 OK", "text/plain", "hello"))
          at_server = one;
      },
      identity.context());
  std::string at_proxy;
  const TcpServer proxy([&](Connection& c) {
    at_proxy = c.read_request();
    c.send("HTTP/1.1 200 Connection established\r\nVia: 1.1 x\r\n\r\n");
    c.relay(server.port());
  });
  Peer to = peer(server, {.ca_pem = identity.ca_pem()});
  to.authorize = [](bool) { return std::string("Bearer for-the-server"); };
  to.proxy = Proxy{.url = *parse_url(proxy.url()),
                   .authorize = [](bool) { return std::string("Basic for-the-proxy"); }};
  SessionPool pool(to);
  for (int i = 0; i < 2; ++i) {
    const Received got = pool.call(message("GET", "/x"), kMany, {});
    EXPECT_TRUE(got.ok()) << text(got.failure);
    EXPECT_EQ(got.body, "hello");
  }
  const std::string place = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_THAT(at_proxy, StartsWith("CONNECT " + place + " HTTP/1.1\r\n"));
  EXPECT_THAT(at_proxy, HasSubstr("Host: " + place + "\r\n"));
  EXPECT_THAT(at_proxy, HasSubstr("Proxy-Authorization: Basic for-the-proxy\r\n"));
  EXPECT_THAT(at_proxy, Not(HasSubstr("for-the-server")));
  EXPECT_THAT(at_server, StartsWith("GET /x HTTP/1.1\r\n"));
  EXPECT_THAT(at_server, HasSubstr("Authorization: Bearer for-the-server\r\n"));
  EXPECT_THAT(at_server, Not(HasSubstr("for-the-proxy")));
  EXPECT_EQ(proxy.connections(), 1) << "the tunnel is kept";
}

TEST(SessionByProxy, AsksForAnHttpServerInTheAbsoluteForm) {
  std::string seen;
  const TcpServer proxy([&](Connection& c) {
    seen = c.read_request();
    c.answer("200 OK", "text/plain", "hello");
  });
  SessionPool pool({.url = *parse_url("http://jira.example:8080/base"),
                    .proxy = Proxy{.url = *parse_url(proxy.url()),
                                   .authorize = [](bool) { return std::string("Basic x"); }}});
  EXPECT_EQ(pool.call(message("GET", "/x?y"), kMany, {}).body, "hello");
  EXPECT_THAT(seen, StartsWith("GET http://jira.example:8080/base/x?y HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("Host: jira.example:8080\r\n"));
  EXPECT_THAT(seen, HasSubstr("Proxy-Authorization: Basic x\r\n"));
}

TEST(SessionByProxy, TellsTheProxysRefusalFromTheServersAnswer) {
  const TcpServer proxy([](Connection& c) {
    c.read_request();
    c.send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 1000\r\n\r\nno");
    c.reset();
  });
  SessionPool pool({.url = *parse_url("http://jira.example"),
                    .proxy = Proxy{.url = *parse_url(proxy.url()), .authorize = {}}});
  const Received got = pool.call(message("POST", "/"), kMany, {});
  EXPECT_EQ(got.status, 0);
  EXPECT_EQ(text(got.failure), "the proxy " + proxy.url() + ": status 407");
  EXPECT_FALSE(got.sent);
}

TEST(SessionByProxy, NamesTheProxyThatFails) {
  struct Case {
    const char* name;
    const char* answer;
    const char* kind;
    const char* says;
  };
  const Case cases[] = {
      {"wants a password", "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nno!",
       "refused", "status 407"},
      {"forbids the place", "HTTP/1.1 403 Forbidden\r\n\r\n", "refused", "status 403"},
      {"is no proxy", "SSH-2.0-OpenSSH_9.2\r\n", "protocol", "no valid HTTP answer"},
      {"closes", "", "closed", "without an answer"},
      {"speaks first", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "protocol", "more than"},
  };
  for (const Case& one : cases) {
    const TcpServer proxy([&](Connection& c) {
      c.read_request();
      c.send(one.answer);
    });
    SessionPool pool({.url = *parse_url("https://jira.example"),
                      .proxy = Proxy{.url = *parse_url(proxy.url()), .authorize = {}}});
    const Received got = pool.call(message("POST", "/"), kMany, {});
    EXPECT_EQ(kind(got.failure), one.kind) << one.name;
    EXPECT_THAT(text(got.failure), StartsWith("the proxy " + proxy.url() + ": ")) << one.name;
    EXPECT_THAT(text(got.failure), HasSubstr(one.says)) << one.name;
    EXPECT_FALSE(got.sent) << one.name << ": the server has not heard of it";
  }
}

TEST(Session, RefusesWhatWouldBreakOutOfTheRequest) {
  const TcpServer server([](Connection& c) { answer_all(c, ""); });
  SessionPool pool(peer(server));
  Message header = message("GET", "/");
  header.headers = {{"X", "a\r\nY: b"}};
  Message type = message("POST", "/");
  type.content_type = "a\r\nY: b";
  for (const Message& bad : {message("GET", "/a b"), message("GET", "/a\r\nX: y"), message("G ET", "/"),
                             message("GET", "x"), message("GET", ""), header, type}) {
    EXPECT_EQ(kind(pool.call(bad, kMany, {}).failure), "local");
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(Session, AnswersOfEveryKindKeepTheConnectionOrNot) {
  struct Case {
    const char* name;
    const char* answer;
    int status;
    const char* body;
    bool kept;
  };
  const Case cases[] = {
      {"length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", true},
      {"chunks", "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 201, "ok",
       true},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
      {"error", "HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\nno", 409, "no", true},
      {"says close", "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
      {"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
      {"more than its length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n", 200, "ok",
       false},
  };
  for (const Case& one : cases) {
    const TcpServer server([&](Connection& c) {
      while (!c.read_request().empty()) c.send(one.answer);
    });
    SessionPool pool(peer(server));
    for (int i = 0; i < 2; ++i) {
      const Received got = pool.call(message("GET", "/x"), kMany, {});
      EXPECT_EQ(got.status, one.status) << one.name << ": " << text(got.failure);
      EXPECT_EQ(got.body, one.body) << one.name;
    }
    EXPECT_EQ(server.connections(), one.kept ? 1 : 2) << one.name;
  }
}

TEST(Session, ReadsHeadersThatMatter) {
  const TcpServer server([](Connection& c) {
    c.read_request();
    c.send(
        "HTTP/1.1 429 Slow\r\nretry-after: 7\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n");
  });
  const Received got = SessionPool(peer(server)).call(message("POST", "/x"), kMany, {});
  EXPECT_EQ(got.status, 429);
  EXPECT_EQ(got.retry_after, "7");
  EXPECT_EQ(got.content_type, "application/json");
  EXPECT_FALSE(got.failure);
}

TEST(Session, HalfAnswersAreFailures) {
  struct Case {
    const char* name;
    const char* answer;
    const char* kind;
  };
  const Case cases[] = {
      {"nothing", "", "closed"},
      {"half a head", "HTTP/1.1 200 OK\r\nContent-Le", "protocol"},
      {"half a length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "closed"},
      {"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf", "closed"},
      {"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "closed"},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "protocol"},
      {"not http", "SSH-2.0-OpenSSH\r\n", "protocol"},
  };
  for (const Case& one : cases) {
    const TcpServer server([&](Connection& c) {
      c.read_request();
      c.send(one.answer);
    });
    SessionPool pool(peer(server));
    const Received got = pool.call(message("POST", "/x"), kMany, {});
    EXPECT_EQ(kind(got.failure), one.kind) << one.name << ": " << text(got.failure);
    EXPECT_TRUE(got.sent);
    EXPECT_EQ(server.connections(), 1) << one.name;
  }
}

// The server closes a kept connection. Whether it does so before we write, or after it has read our request,
// a write arrives once.
TEST(Session, StaleConnectionsLoseNoWriteAndDoubleNone) {
  struct Case {
    const char* name;
    const char* method;
    bool reads_first;  // the server closes only after it has read the second request
    bool answered;
    int seen;  // requests that reached the server, but for the first
  };
  const Case cases[] = {
      {"GET, closed before", "GET", false, true, 1},       {"POST, closed before", "POST", false, true, 1},
      {"DELETE, closed before", "DELETE", false, true, 1}, {"GET, closed after", "GET", true, true, 2},
      {"POST, closed after", "POST", true, false, 1},      {"PUT, closed after", "PUT", true, false, 1},
      {"PATCH, closed after", "PATCH", true, false, 1},    {"DELETE, closed after", "DELETE", true, false, 1},
  };
  for (const bool tls : {false, true}) {
    for (const Case& one : cases) {
      const TlsIdentity identity;
      std::atomic<int> requests{0};
      std::atomic<bool> closed{false};
      const TcpServer server(
          [&](Connection& c) {
            if (c.number > 0) {
              if (!c.read_request().empty()) ++requests;
              c.answer("200 OK", "text/plain", "second");
              return;
            }
            c.read_request();
            c.answer("200 OK", "text/plain", "first");
            if (one.reads_first && !c.read_request().empty()) ++requests;
            closed = true;
          },
          tls ? identity.context() : nullptr);
      SessionPool pool(peer(server, {.ca_pem = identity.ca_pem()}));
      ASSERT_EQ(pool.call(message("GET", "/x"), kMany, {}).body, "first");
      if (!one.reads_first) {
        while (!closed) std::this_thread::sleep_for(milliseconds(1));
        std::this_thread::sleep_for(milliseconds(20));  // the FIN is under way
      }
      Message what = message(one.method, "/x");
      int asked = 0;
      what.permit = [&] { return ++asked > 0; };
      const Received got = pool.call(what, kMany, {});
      EXPECT_EQ(got.ok(), one.answered) << one.name << ": " << text(got.failure);
      EXPECT_EQ(requests, one.seen) << one.name;
      EXPECT_EQ(asked, one.seen) << one.name;
      if (!one.answered) {
        EXPECT_EQ(kind(got.failure), "closed") << one.name;
        EXPECT_TRUE(got.sent) << one.name;
      }
    }
  }
}

TEST(Session, BytesThatNobodyAskedForEndAConnection) {
  for (const bool tls : {false, true}) {
    const TlsIdentity identity;
    const TcpServer server(
        [](Connection& c) {
          c.read_request();
          c.answer("200 OK", "text/plain", "first");
          if (c.number == 0) c.answer("200 OK", "text/plain", "poison");
          c.hang();
        },
        tls ? identity.context() : nullptr);
    SessionPool pool(peer(server, {.ca_pem = identity.ca_pem()}));
    EXPECT_EQ(pool.call(message("GET", "/x"), kMany, {}).body, "first");
    std::this_thread::sleep_for(milliseconds(30));
    EXPECT_EQ(pool.call(message("GET", "/x"), kMany, {}).body, "first");
    EXPECT_EQ(server.connections(), 2);
  }
}

TEST(Session, AsksForPermissionRightBeforeBytesGoOut) {
  std::atomic<int> requests{0};
  const TcpServer server([&](Connection& c) {
    if (!c.read_request().empty()) ++requests;
  });
  Message what = message("POST", "/x");
  what.permit = [] { return false; };
  SessionPool pool(peer(server));
  const Received got = pool.call(what, kMany, {});
  EXPECT_EQ(kind(got.failure), "cancelled");
  EXPECT_FALSE(got.sent);
  EXPECT_EQ(requests, 0);
}

TEST(Session, IdleCountsSilenceOnly) {
  struct Case {
    const char* name;
    TcpServer::Handler handler;
    int sink_takes_ms;
    const char* kind;
  };
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto drip = [&](Connection& c) {
    c.send(head);
    for (int i = 0; i < 12; ++i) {
      std::this_thread::sleep_for(milliseconds(60));
      c.send("1\r\nx\r\n");
    }
    c.send("0\r\n\r\n");
  };
  const Case cases[] = {
      {"before the head", [](Connection& c) { c.hang(); }, 0, "timeout"},
      {"in the body",
       [&](Connection& c) {
         c.send(head + "1\r\nx\r\n");
         c.hang();
       },
       0, "timeout"},
      {"a drip is no silence", drip, 0, "none"},
      {"a slow reader is not idle", drip, 100, "none"},
  };
  for (const bool tls : {false, true}) {
    for (const Case& one : cases) {
      const TlsIdentity identity;
      const TcpServer server(
          [&](Connection& c) {
            c.read_request();
            one.handler(c);
          },
          tls ? identity.context() : nullptr);
      SessionPool pool(peer(server, {.ca_pem = identity.ca_pem()}));
      Message what = message("GET", "/watch");
      what.idle = milliseconds(400);
      what.on_body = [&](std::string_view) {
        std::this_thread::sleep_for(milliseconds(one.sink_takes_ms));
        return true;
      };
      const auto start = steady_clock::now();
      const Outcome got = pool.stream(what, {});
      EXPECT_EQ(kind(got.failure), one.kind) << one.name << ": " << text(got.failure);
      EXPECT_LT(steady_clock::now() - start, seconds(5));
      if (got.failure) {
        EXPECT_THAT(text(got.failure), HasSubstr("fell silent")) << one.name;
      }
    }
  }
}

TEST(Session, DeadlineHoldsWhateverThePeerDoes) {
  const TcpServer drip([](Connection& c) {
    c.read_request();
    while (c.send("H")) std::this_thread::sleep_for(milliseconds(5));
  });
  const TcpServer takes_nothing([](Connection& c) {
    c.read_request();
    c.send("");
    std::this_thread::sleep_for(seconds(1));
  });
  const std::string body(64 << 20, 'x');
  Message upload = message("PUT", "/x", milliseconds(300));
  upload.body = body;
  EXPECT_EQ(kind(SessionPool(peer(drip)).call(message("GET", "/x", milliseconds(300)), kMany, {}).failure),
            "timeout");
  EXPECT_EQ(kind(SessionPool(peer(takes_nothing)).call(upload, kMany, {}).failure), "timeout");
}

TEST(Session, CancelEndsEveryWait) {
  struct Case {
    const char* name;
    bool tls;
    TcpServer::Handler handler;
  };
  const auto in_body = [](Connection& c) {
    c.read_request();
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    c.hang();
  };
  const auto flood = [](Connection& c) {
    c.read_request();
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n");
    while (c.send(std::string(16384, 'x'))) continue;
  };
  const Case cases[] = {
      {"TLS handshake", true, [](Connection& c) { c.hang(); }},
      {"no answer", false, [](Connection& c) { c.hang(); }},
      {"in the body", false, in_body},
      {"a flood", false, flood},
  };
  for (const Case& one : cases) {
    const TcpServer server(one.handler);
    Peer who = peer(server);
    who.url.tls = one.tls;
    who.connect_timeout = kForever;
    SessionPool pool(who);
    const CancelToken cancel;
    std::thread other([&] {
      std::this_thread::sleep_for(milliseconds(100));
      cancel.cancel();
    });
    const auto start = steady_clock::now();
    EXPECT_EQ(kind(pool.stream(message("GET", "/x"), cancel).failure), "cancelled") << one.name;
    EXPECT_LT(steady_clock::now() - start, seconds(3)) << one.name;
    other.join();
    EXPECT_EQ(kind(pool.stream(message("GET", "/x"), cancel).failure), "cancelled") << one.name;
  }
}

// A listener whose queue is full lets nobody in and refuses nobody.
TEST(Session, CancelAndTimeoutEndConnecting) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 0), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::vector<int> fill;
  for (int i = 0; i < 4; ++i) {
    fill.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    (void)connect(fill.back(), reinterpret_cast<sockaddr*>(&address), size);
  }
  std::this_thread::sleep_for(milliseconds(50));
  Peer who{.url = *parse_url("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)))};
  who.connect_timeout = kForever;
  const CancelToken cancel;
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(100));
    cancel.cancel();
  });
  EXPECT_EQ(kind(SessionPool(who).call(message("GET", "/x"), kMany, cancel).failure), "cancelled");
  other.join();
  EXPECT_EQ(text(SessionPool(who).call(message("GET", "/x", milliseconds(200)), kMany, {}).failure),
            "no connection in time");
  who.connect_timeout = milliseconds(150);
  EXPECT_EQ(text(SessionPool(who).call(message("GET", "/x"), kMany, {}).failure),
            "no connection within 150 ms");
  for (const int fd : fill) close(fd);
  close(listener);
}

TEST(Session, ReadsTheTokenAgainWhenItIsRefused) {
  const TempDir folder;
  const std::string file = folder.write("token", "old");
  std::vector<std::string> seen;
  const TcpServer server([&](Connection& c) {
    for (std::string request; !(request = c.read_request()).empty();) {
      const std::string body = c.read_bytes(request.starts_with("POST") ? 4 : 0);
      const size_t at = request.find("Authorization: ");
      seen.push_back(request.substr(at, request.find("\r\n", at) - at) + " " + body);
      if (request.find("Bearer new") != std::string::npos) {
        c.answer("200 OK", "text/plain", "in");
      } else {
        c.answer("401 Unauthorized", "text/plain", "who?");
      }
    }
  });
  Peer who = peer(server);
  who.authorize = bearer_from_file(file);
  SessionPool pool(who);
  const Received refused = pool.call(message("GET", "/x"), kMany, {});
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.body, "who?");
  EXPECT_FALSE(refused.failure);
  folder.write("token", "new\n");
  Message post = message("POST", "/x");
  post.body = "body";
  const Received got = pool.call(post, kMany, {});
  EXPECT_EQ(got.status, 200) << text(got.failure);
  EXPECT_EQ(got.body, "in");
  EXPECT_THAT(seen, ::testing::ElementsAre("Authorization: Bearer old ", "Authorization: Bearer old body",
                                           "Authorization: Bearer new body"));
  EXPECT_EQ(server.connections(), 1);
}

// A server that has made up its mind before the body is there.
TEST(Session, HearsAnAnswerThatCutsTheUploadShort) {
  const TcpServer server([](Connection& c) {
    c.read_request();
    c.answer("413 Too Large", "text/plain", "at most 1 MiB");
  });
  const std::string body(32 << 20, 'x');
  int heard = 0;
  for (int i = 0; i < 20; ++i) {
    Message upload = message("PUT", "/x");
    upload.body = body;
    const Received got = SessionPool(peer(server)).call(upload, kMany, {});
    if (got.status == 413 && got.body == "at most 1 MiB") ++heard;
    EXPECT_TRUE(got.status == 413 || kind(got.failure) == "closed") << got.status << " " << text(got.failure);
  }
  // The reset of a server that closes with our bytes unread may overtake its answer; mostly it does not.
  EXPECT_GE(heard, 10);
}

TEST(Session, HoldsAnswersToTheirLimit) {
  const TcpServer server([](Connection& c) { answer_all(c, std::string(1000, 'x')); });
  SessionPool pool(peer(server));
  const Received got = pool.call(message("GET", "/x"), 999, {});
  EXPECT_EQ(kind(got.failure), "too_long");
  EXPECT_LE(got.body.size(), 999U);
  EXPECT_EQ(pool.call(message("GET", "/x"), 1000, {}).body.size(), 1000U);
}

TEST(SessionPool, BoundsItsConnections) {
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  const TcpServer server([&](Connection& c) {
    while (!c.read_request().empty()) {
      most = std::max<int>(most, ++now);
      std::this_thread::sleep_for(milliseconds(2));
      --now;
      c.answer("200 OK", "text/plain", "x");
    }
  });
  SessionPool pool(peer(server), 3);
  std::atomic<int> ok{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 20; ++k) ok += pool.call(message("POST", "/x"), kMany, {}).ok() ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ok, 160);
  EXPECT_EQ(server.connections(), 3);
  EXPECT_EQ(most, 3);
}

TEST(SessionPool, WaitsForItsTurnWithinLimits) {
  const CancelToken busy;
  const TcpServer server([](Connection& c) {
    c.read_request();
    c.hang();
  });
  SessionPool pool(peer(server), 1);
  std::atomic<bool> sent{false};
  Message holder = message("GET", "/x");
  holder.permit = [&] { return sent = true; };
  std::thread first([&] { pool.call(holder, kMany, busy); });
  while (!sent) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(text(pool.call(message("GET", "/x", milliseconds(50)), kMany, {}).failure),
            "no connection was free in time");
  const CancelToken cancel;
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(50));
    cancel.cancel();
  });
  EXPECT_EQ(kind(pool.call(message("GET", "/x"), kMany, cancel).failure), "cancelled");
  other.join();
  busy.cancel();
  first.join();
}

TEST(SessionTls, TrustsWhatItIsTold) {
  const TlsIdentity good;
  const TlsIdentity other;
  const TlsIdentity named("DNS:kubernetes.default.svc");
  const TempDir folder;
  struct Case {
    const char* name;
    const TlsIdentity& server;
    TlsOptions tls;
    const char* failure;
  };
  const Case cases[] = {
      {"its CA", good, {.ca_pem = good.ca_pem()}, ""},
      {"its CA in a file", good, {.ca_file = folder.write("ca.pem", good.ca_pem())}, ""},
      {"two CAs", good, {.ca_pem = other.ca_pem() + good.ca_pem()}, ""},
      {"the certificate itself", good, {.ca_pem = good.certificate_pem()}, ""},
      {"another CA", good, {.ca_pem = other.ca_pem()}, "not trusted: unable to get local issuer certificate"},
      {"the system's roots", good, {}, "name its CA"},
      {"another name", named, {.ca_pem = named.ca_pem()}, "IP address mismatch"},
      {"the name it has", named, {.ca_pem = named.ca_pem(), .server_name = "kubernetes.default.svc"}, ""},
      {"insecure", other, {.insecure = true}, ""},
      {"a CA that is none", good, {.ca_pem = "junk"}, "CA certificate: no usable PEM certificate"},
      {"a CA cut short", good, {.ca_pem = good.ca_pem().substr(0, 200)}, "CA certificate: no usable PEM"},
      {"no such file", good, {.ca_file = "/no/such"}, "CA file /no/such: No such file or directory"},
  };
  for (const Case& one : cases) {
    const TcpServer server([](Connection& c) { answer_all(c, "hello"); }, one.server.context());
    SessionPool pool(peer(server, one.tls));
    const Received got = pool.call(message("GET", "/x"), kMany, {});
    EXPECT_EQ(got.body, *one.failure == '\0' ? "hello" : "") << one.name;
    EXPECT_THAT(text(got.failure), HasSubstr(one.failure)) << one.name;
    EXPECT_EQ(got.failure.has_value(), *one.failure != '\0') << one.name << text(got.failure);
  }
}

TEST(SessionTls, ShowsItsCertificate) {
  TlsIdentity ca;
  TlsIdentity server_identity;
  server_identity.demand_clients_of(ca);
  const auto pair = ca.client("system:edp");
  const auto other = ca.client("system:other");
  struct Case {
    const char* name;
    std::string certificate, key, failure;
  };
  const Case cases[] = {
      {"its pair", pair.certificate_pem, pair.key_pem, ""},
      {"with a chain", pair.certificate_pem + ca.ca_pem(), pair.key_pem, ""},
      {"none", "", "", "alert"},
      {"of another CA", server_identity.certificate_pem(), server_identity.key_pem(), "alert"},
      {"mixed up", pair.certificate_pem, other.key_pem, "do not belong together"},
      {"no key", pair.certificate_pem, "", "needs its key"},
      {"junk for a key", pair.certificate_pem, "hunter2", "client key: no usable PEM private key"},
  };
  for (const Case& one : cases) {
    const TcpServer server([](Connection& c) { answer_all(c, "hello"); }, server_identity.context());
    SessionPool pool(
        peer(server,
             {.ca_pem = server_identity.ca_pem(), .certificate_pem = one.certificate, .key_pem = one.key}));
    const Received got = pool.call(message("GET", "/x"), kMany, {});
    EXPECT_EQ(got.body, one.failure.empty() ? "hello" : "") << one.name;
    EXPECT_THAT(text(got.failure), HasSubstr(one.failure)) << one.name;
    EXPECT_THAT(text(got.failure), Not(HasSubstr("hunter2"))) << one.name;
    EXPECT_EQ(got.failure.has_value(), !one.failure.empty()) << one.name << text(got.failure);
  }
}

TEST(SessionTls, ReplacedTrustIsForNewConnections) {
  const TlsIdentity identity;
  const TlsIdentity other;
  const TcpServer server([](Connection& c) { answer_all(c, "hello"); }, identity.context());
  SessionPool pool(peer(server, {.ca_pem = identity.ca_pem()}));
  EXPECT_TRUE(pool.call(message("GET", "/x"), kMany, {}).ok());
  pool.replace_tls(*make_tls({.ca_pem = other.ca_pem()}));
  EXPECT_EQ(kind(pool.call(message("GET", "/x"), kMany, {}).failure), "tls_untrusted");
  pool.replace_tls(*make_tls({.ca_pem = identity.ca_pem()}));
  EXPECT_TRUE(pool.call(message("GET", "/x"), kMany, {}).ok());
}

TEST(SessionPool, KeepsTheUrlsPath) {
  std::string seen;
  const TcpServer server([&](Connection& c) {
    seen = c.read_request();
    c.answer("200 OK", "text/plain", "");
  });
  SessionPool pool({.url = *parse_url(server.url() + "/k8s/clusters/c1/")});
  EXPECT_TRUE(pool.call(message("GET", "/version"), kMany, {}).ok());
  EXPECT_THAT(seen, StartsWith("GET /k8s/clusters/c1/version HTTP/1.1\r\n"));
}

}  // namespace
}  // namespace edp::http
