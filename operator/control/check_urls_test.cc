#include "operator/control/check_urls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "common/http_server.h"
#include "common/testing/temp_dir.h"
#include "common/testing/tls_identity.h"

namespace edp::control {
namespace {

using ::testing::HasSubstr;

const CheckOptions kImpatient{
    .ca_file = {}, .patience = std::chrono::seconds(0), .pause = std::chrono::milliseconds(1)};

TEST(CheckUrls, TakesTheStatusThatIsAskedFor) {
  http::Server server({});
  server.route("GET", "/readyz", [](http::ServerRequest&) { return http::Reply{}; });
  server.route("GET", "/closed",
               [](http::ServerRequest&) { return http::error_reply(401, "NoToken", "no"); });
  ASSERT_TRUE(server.start());
  const std::string origin = "http://127.0.0.1:" + std::to_string(server.port());
  struct Case {
    const char* name;
    std::vector<std::string> urls;
    const char* problem;  // empty: none
  };
  const Case cases[] = {
      {"200", {origin + "/readyz"}, ""},
      {"both", {origin + "/readyz", origin + "/closed=401"}, ""},
      {"another status", {origin + "/readyz=401"}, "/readyz: answers 200, not 401"},
      {"the second", {origin + "/readyz", origin + "/closed"}, "/closed: answers 401, not 200"},
      {"no such path", {origin + "/nothing"}, "answers 404, not 200"},
      {"no status", {origin + "/readyz=ok"}, "no HTTP status"},
      {"no URL", {"readyz"}, "readyz"},
      {"nobody there", {"http://127.0.0.1:1/readyz"}, "127.0.0.1:1"},
  };
  for (const Case& c : cases) {
    const auto result = check_urls(c.urls, kImpatient, {});
    EXPECT_EQ(result.has_value(), *c.problem == '\0') << c.name;
    if (!result) {
      EXPECT_THAT(result.error().to_string(), HasSubstr(c.problem)) << c.name;
    }
  }
}

TEST(CheckUrls, WaitsForWhatIsStillStarting) {
  std::atomic<int> asked = 0;
  http::Server server({});
  server.route("GET", "/readyz", [&](http::ServerRequest&) {
    return ++asked < 3 ? http::error_reply(503, "NotYet", "not yet") : http::Reply{};
  });
  ASSERT_TRUE(server.start());
  CheckOptions patient;
  patient.pause = std::chrono::milliseconds(1);
  EXPECT_TRUE(check_urls({"http://127.0.0.1:" + std::to_string(server.port()) + "/readyz"}, patient, {}));
  EXPECT_EQ(asked, 3);
}

TEST(CheckUrls, TrustsOnlyTheGivenAuthority) {
  const edp::testing::TempDir dir;
  const edp::testing::TlsIdentity identity, stranger;
  http::ServerOptions options;
  options.certificate_file = dir.write("tls.crt", identity.certificate_pem());
  options.key_file = dir.write("tls.key", identity.key_pem());
  http::Server server(options);
  server.route("GET", "/x", [](http::ServerRequest&) { return http::error_reply(401, "NoToken", "no"); });
  ASSERT_TRUE(server.start());
  const std::vector<std::string> urls = {"https://localhost:" + std::to_string(server.port()) + "/x=401"};
  CheckOptions check = kImpatient;
  check.ca_file = dir.write("ca.crt", identity.ca_pem());
  const auto good = check_urls(urls, check, {});
  EXPECT_TRUE(good) << good.error().to_string();
  check.ca_file = dir.write("other.crt", stranger.ca_pem());
  EXPECT_FALSE(check_urls(urls, check, {}));
}

}  // namespace
}  // namespace edp::control
