#include "operator/kube/paths.h"

#include <gtest/gtest.h>

#include <protozero/pbf_writer.hpp>

#include "operator/kube/api.h"
#include "operator/kube/protobuf.h"
#include "operator/kube/retry_after.h"

namespace edp::kube {
namespace {

TEST(Paths, EscapesWhatIsNotUnreserved) {
  EXPECT_EQ(escape_segment("my-pod.v1_2~x"), "my-pod.v1_2~x");
  EXPECT_EQ(escape_segment("a/b?c#d e%"), "a%2Fb%3Fc%23d%20e%25");
  EXPECT_EQ(escape_query("app=web,tier in (a,b)&x"), "app%3Dweb%2Ctier%20in%20%28a%2Cb%29%26x");
  EXPECT_EQ(escape_query("\xc3\xbc\n"), "%C3%BC%0A");
}

TEST(Status, IsReadFromErrorBodies) {
  struct Case {
    const char* name;
    std::string body;
    StatusText status;
  };
  const std::string deep = "{\"kind\":\"Status\",\"reason\":\"Deep\",\"x\":" + std::string(200'000, '[') +
                           std::string(200'000, ']') + "}";
  const Case cases[] = {
      {"conflict",
       R"({"kind":"Status","reason":"AlreadyExists","message":"jobs.batch \"x\" already exists","code":409})",
       {"AlreadyExists", "jobs.batch \"x\" already exists", 409, 0}},
      {"retry",
       R"({"kind":"Status","reason":"TooManyRequests","details":{"retryAfterSeconds":3},"code":429})",
       {"TooManyRequests", "", 429, 3}},
      {"lines", R"({"kind":"Status","message":"two\nlines"})", {"", "two lines", 0, 0}},
      {"wrong types", R"({"kind":"Status","reason":7,"message":[],"code":"x","details":[]})", {}},
      {"absurd numbers", R"({"kind":"Status","code":-1,"details":{"retryAfterSeconds":1e99}})", {}},
      {"another kind", R"({"kind":"Pod","reason":"x"})", {}},
      {"text", "404 page not found", {}},
      {"cut short", R"({"kind":"Status","reason":"x")", {}},
      {"nothing", "", {}},
      {"nested", deep, {"Deep", "", 0, 0}},
      {"a list", "[]", {}},
  };
  for (const Case& one : cases) {
    const StatusText got = read_status(one.body);
    EXPECT_EQ(got.reason, one.status.reason) << one.name;
    EXPECT_EQ(got.message, one.status.message) << one.name;
    EXPECT_EQ(got.code, one.status.code) << one.name;
    EXPECT_EQ(got.retry_after_seconds, one.status.retry_after_seconds) << one.name;
  }
}

TEST(Answer, ExplainsItselfInALine) {
  const std::string body =
      R"({"kind":"Status","reason":"AlreadyExists","message":"jobs.batch \"x\" already exists"})";
  EXPECT_EQ((Answer{.status = 409, .body = body}).explain(),
            "409 AlreadyExists: jobs.batch \"x\" already exists");
  EXPECT_EQ((Answer{.status = 502, .body = "<html>Bad\nGateway</html>"}).explain(), "502: Bad Gateway");
  EXPECT_EQ((Answer{.status = 200, .body = "{}"}).explain(), "200");
  EXPECT_EQ((Answer{.failure = Error{"no connection: Connection refused", "GET /version", {}}}).explain(),
            "GET /version: no connection: Connection refused");
}

// As ERROR events of watches carry it.
TEST(ReadStatus, ReadsCodeAndReason) {
  const StatusText status = read_status(
      R"json({"kind":"Status","status":"Failure","message":"too old resource version: 1 (2)","reason":"Expired","code":410,"details":{"code":1}})json");
  EXPECT_EQ(status.code, 410);
  EXPECT_EQ(status.reason, "Expired");
  EXPECT_EQ(status.message, "too old resource version: 1 (2)");
}

TEST(ReadStatus, ReadsCodeAndReasonInProtobuf) {
  std::string object, body(kProtobufMagic);
  protozero::pbf_writer writer(object);
  writer.add_string(2, "Failure");
  writer.add_string(3, "too old resource version: 1 (2)");
  writer.add_string(4, "Expired");
  writer.add_int32(6, 410);
  protozero::pbf_writer(body).add_bytes(2, object);
  const StatusText status = read_status(body);
  EXPECT_EQ(status.code, 410);
  EXPECT_EQ(status.reason, "Expired");
  EXPECT_EQ(status.message, "too old resource version: 1 (2)");
}

// As kube-apiserver 1.37 answers who asked for protobuf.
TEST(ReadStatus, ReadsProtobuf) {
  std::string object, body("k8s\0", 4);
  protozero::pbf_writer writer(object);
  writer.add_message(1, std::string());
  writer.add_string(2, "Failure");
  writer.add_string(3, "pod is gone");
  writer.add_string(4, "Expired");
  writer.add_int32(6, 410);
  protozero::pbf_writer unknown(body);
  unknown.add_bytes(2, object);
  unknown.add_string(3, "");
  const StatusText status = read_status(body);
  EXPECT_EQ(status.reason, "Expired");
  EXPECT_EQ(status.message, "pod is gone");
  EXPECT_EQ(status.code, 410);
  EXPECT_EQ((Answer{.status = 410, .body = body}).explain(), "410 Expired: pod is gone");
  for (size_t size = 0; size < body.size(); ++size) (void)read_status(std::string_view(body).substr(0, size));
}

TEST(RetryAfter, IsSecondsOrADate) {
  const auto now = std::chrono::system_clock::from_time_t(1445412450);  // Wed, 21 Oct 2015 07:27:30 GMT
  struct Case {
    const char* text;
    std::optional<int> seconds;
  };
  const Case cases[] = {
      {"", {}},
      {"0", 0},
      {"7", 7},
      {"99999999999999999999", 3600},
      {"-1", {}},
      {"soon", {}},
      {"1.5", {}},
      {"Wed, 21 Oct 2015 07:28:00 GMT", 30},
      {"Wed, 21 Oct 2015 07:00:00 GMT", 0},
      {"Wed, 21 Oct 2099 07:28:00 GMT", 3600},
      {"Wed, 21 Oct 2015", {}},
      {"Fri, 31 Dec 9999 23:59:59 GMT", 3600},
      {"Fri, 31 Dec 1007 23:59:59 GMT", 0},
  };
  for (const Case& one : cases) {
    const auto got = parse_retry_after(one.text, now);
    EXPECT_EQ(got ? std::optional<int>(static_cast<int>(got->count())) : std::nullopt, one.seconds)
        << one.text;
  }
}

}  // namespace
}  // namespace edp::kube
