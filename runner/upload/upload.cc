#include "runner/upload/upload.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "common/files.h"
#include "common/http_url.h"

namespace edp::upload {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr uint64_t kMaxToken = 64 << 10;
constexpr milliseconds kLongestPause{15'000};
constexpr size_t kMaxAnswer = 4096;  // what the service says is short; nothing longer is parsed

Result<std::string> read_token(const std::string& file) {
  if (file.empty()) return std::string();
  auto token = read_file(file, kMaxToken);
  if (!token) return token;
  token->erase(token->find_last_not_of(" \t\r\n") + 1);
  if (token->empty()) return fail("is empty", file);
  return token;
}

// The digest that the service says it has stored; empty where it says none.
std::string stored_digest(const std::string& body) {
  if (body.size() > kMaxAnswer) return {};
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  if (!answer.is_object()) return {};
  const auto digest = answer.find("digest");
  return digest != answer.end() && digest->is_string() ? digest->get<std::string>() : std::string();
}

bool is_final(int status) {
  if (status == 401 || status == 408 || status == 429) return false;
  return status >= 200 && status < 500;
}

// One try: nothing where it worked.
struct Failure {
  std::string why;
  bool final = false;
  std::optional<std::chrono::seconds> retry_after;
};
std::optional<Failure> try_once(const File& file, const std::string& digest, const Plan& plan, const Put& put,
                                Clock::time_point deadline) {
  const auto token = read_token(plan.token_file);
  if (!token) return Failure{.why = token.error().to_string()};
  const PutAnswer answer = put({.token = *token,
                                .digest = digest,
                                .file = &file,
                                .deadline = std::min(deadline, Clock::now() + plan.one_try)});
  if (answer.status == 0) return Failure{.why = answer.failure};
  if (answer.status >= 200 && answer.status < 300) {
    const std::string stored = stored_digest(answer.body);
    if (stored.empty() || stored == digest) return std::nullopt;
    return Failure{.why = "the service has stored " + http::one_line(stored, 80) + " instead of " + digest};
  }
  const std::string said = http::one_line(answer.body, 300);
  return Failure{.why = "HTTP " + std::to_string(answer.status) + (said.empty() ? "" : ": " + said),
                 .final = is_final(answer.status),
                 .retry_after = answer.retry_after};
}

}  // namespace

std::string digest_of(std::string_view bytes) { return "sha256:" + sha256_hex(bytes); }

Result<void> put_file(const File& file, const Plan& plan, const Put& put, const CancelToken& cancel) {
  const std::string digest = digest_of(file.body);
  std::minstd_rand random(std::random_device{}());
  Clock::time_point deadline = plan.deadline;
  bool hurried = false;
  milliseconds pause = plan.first_pause;
  for (int tries = 1;; ++tries) {
    if (!hurried && cancel.cancelled()) {
      hurried = true;
      deadline = std::min(deadline, Clock::now() + plan.grace);
    }
    const auto failure = try_once(file, digest, plan, put, deadline);
    if (!failure) return {};
    if (failure->final) return fail("was refused: " + failure->why, file.name);

    milliseconds wait(std::uniform_int_distribution<int64_t>(pause.count() / 2, pause.count())(random));
    if (failure->retry_after)
      wait =
          std::max<milliseconds>(wait, std::min<milliseconds>(*failure->retry_after, milliseconds(30'000)));
    pause = std::min(pause * 2, kLongestPause);
    if (Clock::now() + wait >= deadline) {
      return fail("could not be uploaded in " + std::to_string(tries) + (tries == 1 ? " try: " : " tries: ") +
                      failure->why,
                  file.name);
    }
    // A sleep that the signal cuts short is followed by a try at once; later ones go their full length.
    if (hurried) {
      (void)CancelToken().sleep_for(wait);
    } else {
      (void)cancel.sleep_for(wait);
    }
  }
}

}  // namespace edp::upload
