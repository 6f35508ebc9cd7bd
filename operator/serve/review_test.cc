#include "operator/serve/review.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/serve/testing/fake_api.h"

namespace edp::serve {
namespace {

using testing::FakeApi;

class Review : public ::testing::Test {
 protected:
  Review() {
    api.add("alice-token", {"alice",
                            "u1",
                            {"dev", "system:authenticated"},
                            {"https://kubernetes.default.svc"},
                            {{"scopes", {"a", "b"}}}});
    api.add("runner-token",
            {"system:serviceaccount:diagnostic-system:edp-runner", "u2", {}, {"edp-reports"}, {}});
    api.grant("alice shop/why-slow");
  }
  Reviewer::Options options() {
    Reviewer::Options with;
    with.cache_entries = 3;
    with.clock = [this] { return now; };
    return with;
  }
  AccessRequest ask(const std::string& ns, const std::string& name) {
    AccessRequest what;
    what.ns = ns;
    what.name = name;
    return what;
  }
  FakeApi api;
  std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
};

TEST_F(Review, TellsWhoATokenIs) {
  Reviewer reviewer(api, options());
  const Identity alice = reviewer.who("alice-token", "", {});
  EXPECT_EQ(alice.verdict, Verdict::kYes);
  EXPECT_EQ(alice.user.name, "alice");
  EXPECT_EQ(alice.user.groups.size(), 2U);
  EXPECT_EQ(alice.user.extra_value("scopes"), "a");
  EXPECT_EQ(alice.user.extra_value("none"), "");
  EXPECT_EQ(reviewer.who("stolen", "", {}).verdict, Verdict::kNo);
  // A token for the apiserver is none for us, and the other way round.
  EXPECT_EQ(reviewer.who("alice-token", "edp-reports", {}).verdict, Verdict::kNo);
  EXPECT_EQ(reviewer.who("runner-token", "edp-reports", {}).verdict, Verdict::kYes);
  EXPECT_EQ(reviewer.who("runner-token", "", {}).verdict, Verdict::kNo);
}

TEST_F(Review, AsksNobodyAboutWhatIsNoToken) {
  Reviewer reviewer(api, options());
  for (const std::string& token : {std::string(), std::string("a b"), std::string("a\nb"),
                                   std::string("\xff\xfe"), std::string(20'000, 'a')}) {
    EXPECT_EQ(reviewer.who(token, "", {}).verdict, Verdict::kNo);
  }
  EXPECT_EQ(api.token_reviews, 0);
}

TEST_F(Review, TellsWhatAUserMay) {
  Reviewer reviewer(api, options());
  const User alice = reviewer.who("alice-token", "", {}).user;
  EXPECT_EQ(reviewer.may(alice, ask("shop", "why-slow"), {}).verdict, Verdict::kYes);
  const auto sent = nlohmann::json::parse(api.last_body());
  EXPECT_EQ(sent.at("spec").at("groups").size(), 2U);
  EXPECT_EQ(sent.at("spec").at("extra").at("scopes").size(), 2U);
  EXPECT_EQ(sent.at("spec").at("uid"), "u1");
  EXPECT_EQ(reviewer.may(alice, ask("shop", "other"), {}).verdict, Verdict::kNo);
  EXPECT_EQ(reviewer.may(alice, ask("bank", "why-slow"), {}).verdict, Verdict::kNo);
}

TEST_F(Review, NeverSaysYesWithoutAnAnswer) {
  Reviewer reviewer(api, options());
  const User alice = reviewer.who("alice-token", "", {}).user;
  for (const int status : {-1, 401, 403, 429, 500, 503}) {
    api.status = status;
    const Identity who = reviewer.who("runner-token", "edp-reports", {});
    EXPECT_EQ(who.verdict, Verdict::kUnavailable) << status;
    EXPECT_FALSE(who.trouble.empty());
    EXPECT_EQ(reviewer.may(alice, ask("shop", "why-slow"), {}).verdict, Verdict::kUnavailable) << status;
  }
}

TEST_F(Review, RemembersAYesForTenSecondsAndANoNotAtAll) {
  Reviewer reviewer(api, options());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(reviewer.who("alice-token", "", {}).verdict, Verdict::kYes);
  EXPECT_EQ(api.token_reviews, 1);
  const User alice = reviewer.who("alice-token", "", {}).user;
  for (int i = 0; i < 5; ++i) (void)reviewer.may(alice, ask("shop", "why-slow"), {});
  EXPECT_EQ(api.access_reviews, 1);
  for (int i = 0; i < 5; ++i) (void)reviewer.may(alice, ask("shop", "other"), {});
  EXPECT_EQ(api.access_reviews, 6);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(reviewer.who("stolen", "", {}).verdict, Verdict::kNo);
  EXPECT_EQ(api.token_reviews, 6);

  // A user with other groups is another user.
  User other = alice;
  other.groups = {"none"};
  (void)reviewer.may(other, ask("shop", "why-slow"), {});
  EXPECT_EQ(api.access_reviews, 7);

  api.remove("alice-token");
  api.revoke("alice shop/why-slow");
  now += std::chrono::seconds(9);
  EXPECT_EQ(reviewer.who("alice-token", "", {}).verdict, Verdict::kYes);
  now += std::chrono::seconds(2);
  EXPECT_EQ(reviewer.who("alice-token", "", {}).verdict, Verdict::kNo);
  EXPECT_EQ(reviewer.may(alice, ask("shop", "why-slow"), {}).verdict, Verdict::kNo);
}

TEST_F(Review, RemembersSoManyAndNoMore) {
  Reviewer reviewer(api, options());
  for (int i = 0; i < 10; ++i)
    api.add("t" + std::to_string(i),
            {"user" + std::to_string(i), "", {}, {"https://kubernetes.default.svc"}, {}});
  for (int i = 0; i < 10; ++i) (void)reviewer.who("t" + std::to_string(i), "", {});
  EXPECT_EQ(api.token_reviews, 10);
  (void)reviewer.who("t9", "", {});
  EXPECT_EQ(api.token_reviews, 10);
  (void)reviewer.who("t0", "", {});  // long forgotten
  EXPECT_EQ(api.token_reviews, 11);
}

}  // namespace
}  // namespace edp::serve
