#include "common/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include "common/mutex.h"
#include "common/testing/raw_client.h"
#include "common/testing/temp_dir.h"
#include "common/testing/tls_identity.h"

namespace edp::http {
namespace {

using namespace std::chrono_literals;
using edp::testing::RawClient;
using edp::testing::TempDir;
using edp::testing::TlsIdentity;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Text final : public BodySource {
 public:
  Text(std::string text, size_t fails_at) : text_(std::move(text)), fails_at_(fails_at) {}
  [[nodiscard]] uint64_t size() const override { return text_.size(); }
  Result<size_t> read(uint64_t offset, char* into, size_t size) override {
    if (offset >= fails_at_) return fail("the disk is gone");
    const size_t count = std::min({size, text_.size() - static_cast<size_t>(offset), size_t{1000}});
    text_.copy(into, count, offset);
    return count;
  }

 private:
  const std::string text_;
  const size_t fails_at_;
};

// A server whose routes show what the facade makes of a request.
class Fixture {
 public:
  explicit Fixture(ServerOptions options = {}) : server(std::move(options)) {
    server.route("GET", "/hello", [](ServerRequest&) {
      Reply reply;
      reply.body = "{\"hello\":1}";
      return reply;
    });
    server.route("PUT", "/things/{a}/{b}", [this](ServerRequest& request) {
      std::string body;
      const BodyEnd end = request.read_body(1000, [&](std::string_view bytes) {
        body += bytes;
        return true;
      });
      if (end != BodyEnd::kComplete) {
        ++broken;
        return body_error(end, 1000);
      }
      Reply reply;
      reply.content_type = "text/plain";
      reply.body = request.params[0] + "|" + request.params[1] + "|" + request.query + "|" + body;
      return reply;
    });
    server.route("PUT", "/refuse",
                 [](ServerRequest&) { return error_reply(401, "NoToken", "a token is needed"); });
    server.route("GET", "/large", [](ServerRequest&) {
      Reply reply;
      reply.source = std::make_shared<Text>(std::string(300'000, 'x'), SIZE_MAX);
      return reply;
    });
    server.route("GET", "/breaks", [](ServerRequest&) {
      Reply reply;
      reply.source = std::make_shared<Text>(std::string(300'000, 'x'), 50'000);
      return reply;
    });
    server.route("GET", "/throws",
                 [](ServerRequest&) -> Reply { throw std::runtime_error("secret path /etc/x"); });
    server.route("GET", "/echo", [](ServerRequest& request) {
      Reply reply;
      reply.body = std::string(request.header("x-test")) + "|" + std::string(request.bearer_token()) + "|" +
                   std::to_string(request.headers.size()) + "|" + request.peer;
      return reply;
    });
    server.route("GET", "/slow", [this](ServerRequest& request) {
      ++slow;
      const bool cut = request.cancel.sleep_for(slow_time);
      Reply reply;
      reply.body = cut ? "cut" : "slept";
      return reply;
    });
    server.route("GET", "/empty", [](ServerRequest&) {
      Reply reply;
      reply.status = 304;
      reply.headers.emplace_back("ETag", "\"x\"");
      reply.headers.emplace_back("X-Bad", "a\r\nInjected: 1");
      return reply;
    });
    const auto started = server.start();
    EXPECT_TRUE(started) << (started ? "" : started.error().to_string());
  }
  [[nodiscard]] std::unique_ptr<RawClient> client() const {
    return std::make_unique<RawClient>(server.port());
  }
  std::string ask(std::string_view text) const {
    RawClient client(server.port());
    client.send(text);
    return client.read_answer();
  }

  std::atomic<int> broken{0}, slow{0};
  std::chrono::milliseconds slow_time{300};
  Server server;  // last: its threads use the rest
};

ServerOptions quick() {
  ServerOptions options;
  options.header_timeout = 400ms;
  options.gap_timeout = 300ms;
  options.request_timeout = 900ms;
  options.idle_timeout = 500ms;
  options.drain_timeout = 700ms;
  return options;
}

TEST(HttpServer, KeepsAConnectionForManyRequests) {
  const Fixture fixture;
  const auto client = fixture.client();
  for (int i = 0; i < 50; ++i) {
    client->send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = client->read_answer();
    ASSERT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("Connection: close")));
    EXPECT_THAT(answer, HasSubstr("\r\n\r\n{\"hello\":1}"));
  }
  EXPECT_EQ(fixture.server.stats().requests, 50U);
}

TEST(HttpServer, ServesPipelinedRequestsInOrder) {
  const Fixture fixture;
  const auto client = fixture.client();
  client->send(
      "PUT /things/1/a HTTP/1.1\r\nContent-Length: 2\r\n\r\nxyPUT /things/2/b HTTP/1.1\r\nContent-Length: "
      "0\r\n\r\n"
      "GET /hello HTTP/1.1\r\n\r\n");
  EXPECT_THAT(client->read_answer(), HasSubstr("\r\n\r\n1|a||xy"));
  EXPECT_THAT(client->read_answer(), HasSubstr("\r\n\r\n2|b||"));
  EXPECT_THAT(client->read_answer(), HasSubstr("hello"));
}

struct Ask {
  std::string name, request, status;
  std::vector<std::string> has;
  bool closes = false;
};
class Requests : public ::testing::TestWithParam<Ask> {};
TEST_P(Requests, GetTheAnswerTheyDeserve) {
  const Fixture fixture(quick());
  const auto client = fixture.client();
  client->send(GetParam().request);
  const std::string answer = client->read_answer(GetParam().request.starts_with("HEAD"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + GetParam().status)) << answer;
  for (const auto& text : GetParam().has) EXPECT_THAT(answer, HasSubstr(text));
  EXPECT_EQ(answer.find("Connection: close") != std::string::npos, GetParam().closes) << answer;
  if (GetParam().closes) {
    // It is the server that ends, and nothing of a second answer comes.
    EXPECT_EQ(client->read_all(2s), "");
    EXPECT_TRUE(client->ended());
  }
  // And it goes on serving others.
  EXPECT_THAT(fixture.ask("GET /hello HTTP/1.1\r\n\r\n"), HasSubstr("200 OK"));
}
std::string many(size_t count, const std::string& text) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}
const std::string kPut = "PUT /things/a/b HTTP/1.1\r\n";
INSTANTIATE_TEST_SUITE_P(
    All, Requests,
    ::testing::Values(
        Ask{"unknown_path", "GET /nothing HTTP/1.1\r\n\r\n", "404", {"\"reason\":\"NotFound\""}},
        Ask{"wrong_method",
            "DELETE /hello HTTP/1.1\r\n\r\n",
            "405",
            {"Allow: GET, HEAD", "MethodNotAllowed"}},
        Ask{"trace", "TRACE /hello HTTP/1.1\r\n\r\n", "405", {}},
        Ask{"head", "HEAD /large HTTP/1.1\r\n\r\n", "200", {"Content-Length: 300000"}},
        Ask{"dots_are_text", "PUT /things/../b HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "200", {"..|b"}},
        Ask{"encoded_slash_is_text",
            "PUT /things/a%2f..%2fx/b?q=%00 HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            "200",
            {"a%2f..%2fx|b|q=%00|"}},
        Ask{"empty_segment", "PUT /things//b HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "404", {}},
        Ask{"body_fits", kPut + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'x'), "200", {"xxx"}},
        Ask{"body_too_long",
            kPut + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'x'),
            "413",
            {"TooLarge", "1000 bytes"},
            true},
        Ask{"body_absurdly_long", kPut + "Content-Length: 999999999999999999\r\n\r\nx", "413", {}, true},
        Ask{"chunks",
            kPut + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: x\r\n\r\n",
            "200",
            {"|abcde"}},
        Ask{"chunks_too_long",
            kPut + "Transfer-Encoding: chunked\r\n\r\n" + many(11, "64\r\n" + std::string(100, 'y') + "\r\n"),
            "413",
            {},
            true},
        Ask{"chunk_of_petabytes",
            kPut + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFF\r\nx",
            "413",
            {},
            true},
        Ask{"chunk_of_minus_one",
            kPut + "Transfer-Encoding: chunked\r\n\r\n-1\r\nx",
            "400",
            {"BrokenBody"},
            true},
        Ask{"chunk_without_number", kPut + "Transfer-Encoding: chunked\r\n\r\nzz\r\nx", "400", {}, true},
        Ask{"chunk_extensions",
            kPut + "Transfer-Encoding: chunked\r\n\r\n" +
                many(12, "1;" + std::string(8000, 'e') + "\r\nx\r\n"),
            "413",
            {},
            true},
        Ask{"length_twice",
            kPut + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
            "400",
            {"more than one"},
            true},
        Ask{"length_and_chunks",
            kPut + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400",
            {"both"},
            true},
        Ask{"length_negative", kPut + "Content-Length: -1\r\n\r\n", "400", {"no number"}, true},
        Ask{"length_hex", kPut + "Content-Length: 0x10\r\n\r\n", "400", {}, true},
        Ask{"coding_unknown", kPut + "Transfer-Encoding: gzip, chunked\r\n\r\n", "400", {}, true},
        Ask{"no_length_means_no_body", kPut + "\r\n", "200", {"a|b||"}},
        Ask{"unread_body_closes",
            "PUT /refuse HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
            "401",
            {"NoToken"},
            true},
        Ask{"get_with_body_closes", "GET /hello HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "200", {}, true},
        Ask{"close_is_kept", "GET /hello HTTP/1.1\r\nConnection: Close\r\n\r\n", "200", {}, true},
        Ask{"http_1_0", "GET /hello HTTP/1.0\r\n\r\n", "200", {}, false},
        Ask{"garbage", "\x16\x03\x01 what is this\r\n\r\n", "400", {"BadRequest"}, true},
        Ask{"http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400", {}, true},
        Ask{"no_colon", "GET /hello HTTP/1.1\r\nnonsense\r\n\r\n", "400", {}, true},
        Ask{"long_path", "GET /" + std::string(5000, 'a') + " HTTP/1.1\r\n\r\n", "414", {"UriTooLong"}, true},
        Ask{"longest_path", "GET /" + std::string(30'000, 'a') + " HTTP/1.1\r\n\r\n", "400", {}, true},
        Ask{"header_flood",
            "GET /hello HTTP/1.1\r\n" + many(2000, "X-H: " + std::string(50, 'h') + "\r\n"),
            "400",
            {},
            true},
        Ask{"header_flood_large",
            "GET /hello HTTP/1.1\r\n" + many(40, "X-H: " + std::string(8000, 'h') + "\r\n"),
            "431",
            {"HeadersTooLarge"},
            true},
        Ask{"header_endless", "GET /hello HTTP/1.1\r\nX-H: " + std::string(100'000, 'h'), "400", {}, true},
        Ask{"header_with_line_feed",
            "GET /hello HTTP/1.1\r\nX-H: a%0d%0ab\r\n\r\n",
            "400",
            {"control"},
            true},
        Ask{"long_token_fits",
            "GET /echo HTTP/1.1\r\nAuthorization: Bearer " + std::string(10'000, 't') + "\r\n\r\n",
            "200",
            {"|tttt"}},
        Ask{"headers_in_any_case",
            "GET /echo HTTP/1.1\r\nX-TEST: v\r\nauthorization: bearer abc\r\n\r\n",
            "200",
            {"v|abc|2|127.0.0.1"}},
        Ask{"two_tokens_are_none",
            "GET /echo HTTP/1.1\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
            "200",
            {"||2|"}},
        Ask{"forged_address", "GET /echo HTTP/1.1\r\nREMOTE_ADDR: 6.6.6.6\r\n\r\n", "200", {"||0|127.0.0.1"}},
        Ask{"bad_range",
            "GET /hello HTTP/1.1\r\nRange: bytes=" + std::string(9000, '-') + "\r\n\r\n",
            "416",
            {},
            true},
        Ask{"ranges_are_ignored", "GET /hello HTTP/1.1\r\nRange: bytes=0-1\r\n\r\n", "200", {"hello"}},
        Ask{"exception", "GET /throws HTTP/1.1\r\n\r\n", "500", {"\"reason\":\"Internal\""}},
        Ask{"not_modified", "GET /empty HTTP/1.1\r\n\r\n", "304", {"ETag: \"x\""}}),
    [](const auto& test) { return test.param.name; });

TEST(HttpServer, TellsNothingOfItsInside) {
  const Fixture fixture;
  EXPECT_THAT(fixture.ask("GET /throws HTTP/1.1\r\n\r\n"), Not(HasSubstr("secret")));
  const std::string answer = fixture.ask("GET /empty HTTP/1.1\r\n\r\n");
  EXPECT_THAT(answer, Not(HasSubstr("Injected")));
  EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
}

TEST(HttpServer, StreamsASourceAndBreaksOffWhereItFails) {
  const Fixture fixture;
  EXPECT_THAT(fixture.ask("GET /large HTTP/1.1\r\n\r\n"), HasSubstr(std::string(300'000, 'x')));
  RawClient client(fixture.server.port());
  client.send("GET /breaks HTTP/1.1\r\n\r\n");
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, HasSubstr("Content-Length: 300000"));
  EXPECT_LT(answer.size(), 60'000U);
  EXPECT_TRUE(client.ended());
}

TEST(HttpServer, AsksForTheBodyOnlyWhenItIsWanted) {
  const Fixture fixture;
  const auto client = fixture.client();
  client->send("PUT /things/a/b HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client->read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  client->send("abc");
  EXPECT_THAT(client->read_answer(), HasSubstr("a|b||abc"));
  client->send("PUT /refuse HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_THAT(client->read_answer(), StartsWith("HTTP/1.1 401"));
}

TEST(HttpServer, GivesTheAnswerToAClientThatSendsOnRegardless) {
  const Fixture fixture;
  RawClient client(fixture.server.port());
  client.send("PUT /things/a/b HTTP/1.1\r\nContent-Length: 67108864\r\n\r\n");
  // 64 MiB that nobody wants. A server that closed at once would reset the connection, and the 413 with it.
  bool sent = true;
  const std::string block(1U << 20U, 'z');
  for (int i = 0; i < 64 && sent; ++i) sent = client.send(block);
  EXPECT_TRUE(sent);
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 413"));
}

TEST(HttpServer, EndsRequestsThatTakeTooLong) {
  const Fixture fixture(quick());
  const auto begin = std::chrono::steady_clock::now();
  const auto silent = fixture.client();     // says nothing at all
  const auto half = fixture.client();       // half a header, then silence
  const auto trickle = fixture.client();    // a header byte now and then
  const auto lying = fixture.client();      // announces more than it sends
  const auto slow_body = fixture.client();  // a body byte now and then: each gap is short, the whole too long
  half->send("GET /hello HTTP/1.1\r\nX-");
  lying->send("PUT /things/a/b HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc");
  slow_body->send("PUT /things/a/b HTTP/1.1\r\nContent-Length: 100\r\n\r\n");
  trickle->send("GET /hello HTTP/1.1\r\nX-T: ");
  std::thread drip([&] {
    for (int i = 0; i < 40; ++i) {
      std::this_thread::sleep_for(50ms);
      if (!slow_body->send("b")) break;
    }
  });
  std::thread drop([&] {
    for (int i = 0; i < 40; ++i) {
      std::this_thread::sleep_for(50ms);
      if (!trickle->send("t")) break;
    }
  });
  EXPECT_THAT(half->read_answer(), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(trickle->read_answer(), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(lying->read_answer(), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(slow_body->read_answer(), StartsWith("HTTP/1.1 408"));
  EXPECT_EQ(silent->read_all(3s), "");
  EXPECT_TRUE(silent->ended());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  drip.join();
  drop.join();
}

TEST(HttpServer, EndsAnswersThatNobodyTakes) {
  ServerOptions options = quick();
  const Fixture fixture(options);
  RawClient client(fixture.server.port());
  // Far more than the sockets' buffers hold.
  for (int i = 0; i < 200; ++i) client.send("GET /large HTTP/1.1\r\n\r\n");
  std::this_thread::sleep_for(2500ms);
  EXPECT_EQ(fixture.server.stats().busy, 0U);
}

TEST(HttpServer, ForgetsClientsThatGoAway) {
  Fixture fixture(quick());
  for (int i = 0; i < 20; ++i) {
    const auto client = fixture.client();
    client->send("PUT /things/a/b HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc");
    if (i % 2 == 0) client->reset();
  }
  const auto until = std::chrono::steady_clock::now() + 5s;
  while ((fixture.server.stats().connections > 0 || fixture.broken < 15) &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(fixture.server.stats().connections, 0U);
  EXPECT_GE(fixture.broken, 15);  // a reset may come before the request has been looked at
}

TEST(HttpServer, LetsIdleClientsStarveNobody) {
  ServerOptions options;
  options.workers = 2;
  options.max_connections = 50;
  const Fixture fixture(options);
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 120; ++i) {
    idle.push_back(fixture.client());
    if (i % 2 == 0) {
      idle.back()->send("GET /hello HTTP/1.1\r\n\r\n");
      ASSERT_THAT(idle.back()->read_answer(), HasSubstr("200 OK"));
    }
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(fixture.ask("GET /hello HTTP/1.1\r\n\r\n"), HasSubstr("200 OK"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
  EXPECT_LE(fixture.server.stats().connections, 51U);
  EXPECT_LE(fixture.server.stats().threads, 2U);
  // The latest idle ones are still welcome, the earliest were closed.
  idle.back()->send("GET /hello HTTP/1.1\r\n\r\n");
  EXPECT_THAT(idle.back()->read_answer(), HasSubstr("200 OK"));
  EXPECT_EQ(idle.front()->read_all(1s), "");
  EXPECT_TRUE(idle.front()->ended());
}

TEST(HttpServer, BoundsWhatWaitsForAWorker) {
  ServerOptions options;
  options.workers = options.workers_per_peer = 2;
  options.max_waiting = 3;
  Fixture fixture(options);
  fixture.slow_time = 500ms;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(fixture.client());
    clients.back()->send("GET /slow HTTP/1.1\r\n\r\n");
    std::this_thread::sleep_for(20ms);
  }
  int served = 0;
  int closed = 0;
  for (auto& client : clients) (client->read_answer().empty() ? closed : served)++;
  EXPECT_EQ(served, 5);
  EXPECT_EQ(closed, 5);
  EXPECT_EQ(fixture.server.stats().refused, 5U);
}

TEST(HttpServer, LeavesRoomBesideASlowPeer) {
  ServerOptions options;
  options.workers = 3;
  options.workers_per_peer = 2;
  Fixture fixture(options);
  const auto one = fixture.client();
  const auto two = fixture.client();
  const auto three = fixture.client();
  one->send("GET /slow HTTP/1.1\r\n\r\n");
  two->send("GET /slow HTTP/1.1\r\n\r\n");
  std::this_thread::sleep_for(50ms);
  three->send("GET /slow HTTP/1.1\r\n\r\n");
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(fixture.server.stats().busy, 2U);
  EXPECT_EQ(fixture.server.stats().waiting, 1U);
  EXPECT_THAT(three->read_answer(), HasSubstr("slept"));
}

TEST(HttpServer, LetsRequestsEndWhenItStops) {
  Fixture fixture(quick());
  const auto client = fixture.client();
  const auto idle = fixture.client();
  client->send("GET /slow HTTP/1.1\r\n\r\n");
  while (fixture.slow == 0) std::this_thread::sleep_for(5ms);
  const auto begin = std::chrono::steady_clock::now();
  fixture.server.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 650ms);
  const std::string answer = client->read_answer();
  EXPECT_THAT(answer, HasSubstr("slept"));
  EXPECT_EQ(idle->read_all(1s), "");
  EXPECT_TRUE(idle->ended());
  EXPECT_FALSE(fixture.client()->connected());
}

TEST(HttpServer, CancelsRequestsThatOutlastTheDrain) {
  Fixture fixture(quick());
  fixture.slow_time = 60s;
  const auto client = fixture.client();
  client->send("GET /slow HTTP/1.1\r\n\r\n");
  while (fixture.slow == 0) std::this_thread::sleep_for(5ms);
  const auto begin = std::chrono::steady_clock::now();
  fixture.server.stop();
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(took, 600ms);
  EXPECT_LT(took, 2s);
  fixture.server.stop();  // again is fine
}

TEST(HttpServer, ServesManyAtOnce) {
  const Fixture fixture;
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 24; ++t) {
    threads.emplace_back([&fixture, &good, t] {
      RawClient client(fixture.server.port());
      for (int i = 0; i < 40; ++i) {
        const std::string body = "body " + std::to_string(t) + " " + std::to_string(i);
        client.send("PUT /things/" + std::to_string(t) +
                    "/x HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
        if (client.read_answer().ends_with(std::to_string(t) + "|x||" + body)) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 24 * 40);
  EXPECT_LE(fixture.server.stats().threads, 16U);
}

TEST(HttpServer, SaysWhyItCannotStart) {
  struct Case {
    std::string name;
    ServerOptions options;
    std::string says;
  };
  const TempDir dir;
  const Fixture other;
  std::vector<Case> cases(5);
  cases[0] = {"port in use", {}, "Address already in use"};
  cases[0].options.port = other.server.port();
  cases[1] = {"no address", {}, "no numeric address"};
  cases[1].options.address = "nowhere.example";
  cases[2] = {"half a pair", {}, "both a certificate and its key"};
  cases[2].options.certificate_file = "/x";
  cases[3] = {"missing files", {}, "cannot be read"};
  cases[3].options.certificate_file = cases[3].options.key_file = dir.path().string() + "/none";
  cases[4] = {"no PEM", {}, "certificate can't be used"};
  cases[4].options.certificate_file = cases[4].options.key_file = dir.write("pem", "hello");
  for (const auto& one : cases) {
    Server server(one.options);
    const auto started = server.start();
    ASSERT_FALSE(started) << one.name;
    EXPECT_THAT(started.error().to_string(), HasSubstr(one.says)) << one.name;
  }
}

class HttpsServer : public ::testing::Test {
 protected:
  ServerOptions tls(const TlsIdentity& identity) {
    ServerOptions options;
    options.certificate_file = dir.write("tls.crt", identity.certificate_pem());
    options.key_file = dir.write("tls.key", identity.key_pem());
    options.certificate_check = 50ms;
    options.log = [this](std::string_view line) {
      const MutexLock lock(mutex);
      log += std::string(line) + "\n";
    };
    return options;
  }
  std::string logged() {
    const MutexLock lock(mutex);
    return log;
  }
  TempDir dir;
  Mutex mutex;
  std::string log EDP_GUARDED_BY(mutex);
};

TEST_F(HttpsServer, ServesOverTls12And13Only) {
  const TlsIdentity identity;
  const Fixture fixture(tls(identity));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    RawClient client(fixture.server.port(), identity.ca_pem(), version);
    ASSERT_TRUE(client.connected()) << version;
    for (int i = 0; i < 3; ++i) {
      client.send("GET /large HTTP/1.1\r\n\r\n");
      EXPECT_THAT(client.read_answer(), HasSubstr(std::string(300'000, 'x')));
    }
    client.send("PUT /things/a/b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /hello HTTP/1.1\r\n\r\n");
    EXPECT_THAT(client.read_answer(), HasSubstr("|abc"));
    EXPECT_THAT(client.read_answer(), HasSubstr("hello"));
  }
  EXPECT_FALSE(RawClient(fixture.server.port(), identity.ca_pem(), TLS1_1_VERSION).connected());
  EXPECT_FALSE(RawClient(fixture.server.port(), TlsIdentity().ca_pem()).connected());
  EXPECT_EQ(fixture.ask("GET /hello HTTP/1.1\r\n\r\n"), "");  // no TLS
}

TEST_F(HttpsServer, AnswersBadRequestsOverTlsToo) {
  const TlsIdentity identity;
  ServerOptions options = tls(identity);
  options.header_timeout = 400ms;
  const Fixture fixture(options);
  RawClient large(fixture.server.port(), identity.ca_pem());
  large.send("PUT /things/a/b HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n" + std::string(2'000'000, 'x'));
  EXPECT_THAT(large.read_answer(), StartsWith("HTTP/1.1 413"));
  RawClient slow(fixture.server.port(), identity.ca_pem());
  slow.send("GET /hello HTT");
  EXPECT_THAT(slow.read_answer(), StartsWith("HTTP/1.1 408"));
  RawClient stuck(fixture.server.port());  // half a handshake
  stuck.send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_EQ(stuck.read_all(3s), "");
  EXPECT_TRUE(stuck.ended());
}

TEST_F(HttpsServer, TakesANewCertificateWithoutARestart) {
  const TlsIdentity first;
  const TlsIdentity second;
  const Fixture fixture(tls(first));
  RawClient before(fixture.server.port(), first.ca_pem());
  ASSERT_TRUE(before.connected());
  before.send("GET /hello HTTP/1.1\r\n\r\n");
  ASSERT_THAT(before.read_answer(), HasSubstr("200 OK"));

  // Half of the pair is new: the old one goes on.
  dir.write("tls.crt", second.certificate_pem());
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (logged().empty() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(20ms);
  EXPECT_THAT(logged(), HasSubstr("private key can't be used"));
  EXPECT_EQ(RawClient(fixture.server.port(), first.ca_pem()).peer_certificate(), first.certificate_pem());
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(logged().find('\n'), logged().size() - 1) << "said again and again";

  dir.write("tls.key", second.key_pem());
  while (!RawClient(fixture.server.port(), second.ca_pem()).connected() &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(RawClient(fixture.server.port(), second.ca_pem()).peer_certificate(), second.certificate_pem());
  EXPECT_THAT(logged(), HasSubstr("loaded anew"));
  // A connection from before goes on with what it has.
  before.send("GET /hello HTTP/1.1\r\n\r\n");
  EXPECT_THAT(before.read_answer(), HasSubstr("200 OK"));
}

}  // namespace
}  // namespace edp::http
