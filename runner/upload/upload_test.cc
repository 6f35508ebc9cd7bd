#include "runner/upload/upload.h"

#include <gtest/gtest.h>

#include <thread>

#include "common/files.h"
#include "common/testing/temp_dir.h"

namespace edp::upload {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kBody = "{}";

// Answers from a list; the last one again and again.
struct Service {
  std::vector<PutAnswer> answers;
  std::vector<std::string> tokens, digests;
  std::function<void(size_t)> before;

  Put put() {
    return [this](const PutRequest& request) {
      const size_t n = tokens.size();
      tokens.emplace_back(request.token);
      digests.emplace_back(request.digest);
      if (before) before(n);
      return answers[std::min(n, answers.size() - 1)];
    };
  }
};

class UploadTest : public ::testing::Test {
 protected:
  Result<void> run(Service& service, std::chrono::milliseconds time = 5s, const CancelToken& cancel = {}) {
    const File file{.name = "report.json", .content_type = "application/json", .body = kBody};
    return put_file(
        file, {.token_file = token_, .deadline = Clock::now() + time, .grace = 300ms, .first_pause = 4ms},
        service.put(), cancel);
  }
  void write_token(const std::string& token) { ASSERT_TRUE(write_file(token_, token)); }
  void SetUp() override { write_token("first\n"); }

  testing::TempDir folder_;
  std::string token_ = (folder_.path() / "token").string();
};

std::string digest() { return digest_of(kBody); }
PutAnswer stored() { return {.status = 201, .body = R"({"digest":")" + digest() + R"(","bytes":2})"}; }

TEST_F(UploadTest, SendsTokenAndDigestOnce) {
  Service service{.answers = {stored()}};
  ASSERT_TRUE(run(service));
  EXPECT_EQ(service.tokens, std::vector<std::string>{"first"});
  EXPECT_EQ(service.digests, std::vector<std::string>{
                                 "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"});
}

struct Passing {
  const char* name;
  PutAnswer answer;
};
class PassingTrouble : public UploadTest, public ::testing::WithParamInterface<Passing> {};

TEST_P(PassingTrouble, IsTriedAgain) {
  Service service{.answers = {GetParam().answer, GetParam().answer, stored()}};
  ASSERT_TRUE(run(service));
  EXPECT_EQ(service.tokens.size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, PassingTrouble,
    ::testing::Values(Passing{"NoAnswer", {.failure = "connection refused"}},
                      Passing{"Unauthorized", {.status = 401}}, Passing{"Timeout", {.status = 408}},
                      Passing{"TooMany", {.status = 429}}, Passing{"Internal", {.status = 500}},
                      Passing{"Unavailable", {.status = 503}}, Passing{"StoreFull", {.status = 507}},
                      Passing{"OtherDigest", {.status = 201, .body = R"({"digest":"sha256:00"})"}}),
    [](const auto& given) { return given.param.name; });

struct Final {
  const char* name;
  int status;
};
class FinalAnswer : public UploadTest, public ::testing::WithParamInterface<Final> {};

TEST_P(FinalAnswer, IsNotTriedAgain) {
  Service service{.answers = {{.status = GetParam().status, .body = R"({"error":"not your run"})"}}};
  const auto result = run(service);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().to_string(), "report.json: was refused: HTTP " +
                                            std::to_string(GetParam().status) +
                                            R"(: {"error":"not your run"})");
  EXPECT_EQ(service.tokens.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Statuses, FinalAnswer,
                         ::testing::Values(Final{"BadRequest", 400}, Final{"Forbidden", 403},
                                           Final{"NotFound", 404}, Final{"TooLarge", 413},
                                           Final{"Redirect", 302}),
                         [](const auto& given) { return given.param.name; });

TEST_F(UploadTest, ReadsTheTokenBeforeEachTry) {
  Service service{.answers = {{.status = 401}, stored()}};
  service.before = [&](size_t) { write_token("second"); };
  ASSERT_TRUE(run(service));
  EXPECT_EQ(service.tokens, (std::vector<std::string>{"first", "second"}));
}

TEST_F(UploadTest, WaitsForATokenThatIsNotThereYet) {
  token_ = (folder_.path() / "late").string();
  Service service{.answers = {stored()}};
  std::thread later([&] {
    std::this_thread::sleep_for(50ms);
    write_token("late");
  });
  const auto result = run(service);
  later.join();
  ASSERT_TRUE(result);
  EXPECT_EQ(service.tokens, std::vector<std::string>{"late"});
}

TEST_F(UploadTest, GivesUpAtTheDeadlineAndSaysWhy) {
  Service service{.answers = {{.failure = "connection refused"}}};
  const auto began = Clock::now();
  const auto result = run(service, 200ms);
  ASSERT_FALSE(result);
  EXPECT_LT(Clock::now() - began, 1s);
  EXPECT_GT(service.tokens.size(), 2U);
  EXPECT_EQ(result.error().to_string(), "report.json: could not be uploaded in " +
                                            std::to_string(service.tokens.size()) +
                                            " tries: connection refused");
}

TEST_F(UploadTest, RetryAfterIsHonoured) {
  Service service{.answers = {{.status = 503, .retry_after = 1s}, stored()}};
  const auto began = Clock::now();
  ASSERT_TRUE(run(service));
  EXPECT_GE(Clock::now() - began, 1s);
}

// SIGTERM: what is there is still delivered, but not for the full timeout.
TEST_F(UploadTest, ACancelledRunStillUploads) {
  const CancelToken cancel;
  cancel.cancel();
  Service service{.answers = {{.status = 503}, stored()}};
  EXPECT_TRUE(run(service, 5s, cancel));
  EXPECT_EQ(service.tokens.size(), 2U);
}

TEST_F(UploadTest, CancellingShortensTheTime) {
  const CancelToken cancel;
  Service service{.answers = {{.status = 503}}};
  service.before = [&](size_t n) {
    if (n == 2) cancel.cancel();
  };
  const auto began = Clock::now();
  EXPECT_FALSE(run(service, 60s, cancel));
  EXPECT_LT(Clock::now() - began, 5s);
}

}  // namespace
}  // namespace edp::upload
