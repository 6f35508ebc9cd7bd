#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "common/files.h"
#include "common/gzip.h"
#include "common/http_session.h"
#include "runner/upload/upload.h"

namespace edp::upload {
namespace {

constexpr uint64_t kMaxCa = 1 << 20;
constexpr uint64_t kMaxAnswer = 64 << 10;
constexpr std::string_view kFromEnvironment = "env:";

Result<std::string> read_ca(const std::string& from) {
  if (from.empty()) return std::string();
  if (!from.starts_with(kFromEnvironment)) return read_file(from, kMaxCa);
  const char* pem = std::getenv(from.c_str() + kFromEnvironment.size());
  if (pem == nullptr || *pem == '\0') return fail("this environment variable is not set", from);
  return std::string(pem);
}

// "120" -> 120 s; dates and nonsense are no advice.
std::optional<std::chrono::seconds> seconds_of(const std::string& retry_after) {
  if (retry_after.empty() || retry_after.size() > 6) return std::nullopt;
  if (retry_after.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return std::chrono::seconds(std::stoi(retry_after));
}

}  // namespace

Result<Put> http_put(const Server& server) {
  auto url = http::parse_url(server.url);
  if (!url) return tl::unexpected(url.error().at("--upload"));
  auto ca = read_ca(server.ca);
  if (!ca) return tl::unexpected(ca.error().at("--upload-ca"));
  // One request at a time, so the token of the try under way needs no lock.
  struct Connection {
    std::string authorization;
    std::unique_ptr<http::SessionPool> pool;
  };
  auto connection = std::make_shared<Connection>();
  const auto authorize = [raw = connection.get()](bool) -> tl::expected<std::string, http::Failure> {
    return raw->authorization;
  };
  connection->pool = std::make_unique<http::SessionPool>(http::Peer{.url = std::move(*url),
                                                                    .tls = {.ca_pem = std::move(*ca)},
                                                                    .authorize = authorize,
                                                                    .user_agent = "edp-runner"},
                                                         1);
  return Put([connection](const PutRequest& request) {
    connection->authorization = request.token.empty() ? "" : "Bearer " + std::string(request.token);
    const std::string packed = gzip(request.file->body);
    http::Message message{.method = "PUT",
                          .target = "/" + request.file->name,
                          .headers = {{"X-EDP-Digest", std::string(request.digest)}},
                          .body = packed.empty() ? request.file->body : std::string_view(packed),
                          .content_type = request.file->content_type,
                          .deadline = request.deadline,
                          .idle = std::chrono::seconds(20)};
    if (!packed.empty()) message.headers.emplace_back("Content-Encoding", "gzip");
    const http::Received reply = connection->pool->call(std::move(message), kMaxAnswer, {});
    PutAnswer answer{
        .status = reply.status, .body = reply.body, .retry_after = seconds_of(reply.retry_after)};
    // A refusal counts although its text broke off; a yes only as a whole.
    if (reply.failure && reply.status < 300) {
      answer.status = 0;
      answer.failure = reply.failure->message;
    }
    return answer;
  });
}

}  // namespace edp::upload
