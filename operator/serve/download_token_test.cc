// Who asks for a report through the apiserver's proxy, which takes the Authorization header out.
#include <gtest/gtest.h>

#include "operator/serve/testing/keys.h"
#include "operator/serve/testing/service.h"

namespace edp::serve {
namespace {

using testing::key;
using testing::Service;

constexpr const char* kReport = R"({"schema":"edp.report/v1"})";

TEST(DownloadToken, MayComeInAHeaderOfOurs) {
  Service service;
  ASSERT_EQ(service.upload("runner-1", key(1), kReport).status, 201);
  const std::string target = Service::path(key(1));
  const auto with = [&](const std::string& token) {
    return service.fetch("", target, {{"X-EDP-Token", token}}).status;
  };
  EXPECT_EQ(with("alice"), 200);
  EXPECT_EQ(with("bob"), 403);
  EXPECT_EQ(with("stolen"), 401);
  EXPECT_EQ(with("runner-1"), 401);
  EXPECT_EQ(with(""), 401);
}

TEST(DownloadToken, AuthorizationGoesFirst) {
  Service service;
  ASSERT_EQ(service.upload("runner-1", key(1), kReport).status, 201);
  const std::string target = Service::path(key(1));
  EXPECT_EQ(service.fetch("bob", target, {{"X-EDP-Token", "alice"}}).status, 403);
  EXPECT_EQ(service.fetch("", target, {{"Authorization", "Basic YTpi"}, {"X-EDP-Token", "alice"}}).status,
            401);
}

// Runners reach the service themselves: what they bring is held against Authorization alone.
TEST(DownloadToken, IsNoUploadToken) {
  Service service;
  EXPECT_EQ(service.upload("", key(1), kReport, {{"X-EDP-Token", "runner-1"}}).status, 401);
}

}  // namespace
}  // namespace edp::serve
