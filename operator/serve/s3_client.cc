#include "operator/serve/s3_client.h"

#include <ctime>
#include <random>
#include <utility>

#include "common/files.h"

namespace edp::serve::s3 {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kDeadline{60};  // of one call with all its retries
constexpr std::chrono::seconds kQuick{3};
constexpr std::chrono::seconds kIdle{20};
constexpr int kAttempts = 5;
constexpr uint64_t kMaxAnswer = uint64_t{8} << 20U;  // a page of a list has a thousand keys
constexpr std::chrono::seconds kReadKeys{60};

std::chrono::milliseconds backoff(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const int most = 200 << attempt;
  return std::chrono::milliseconds(most / 2 + static_cast<int>(random() % static_cast<unsigned>(most / 2)));
}

bool passing(int status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::string host_header(const http::Url& url) {
  const std::string origin = url.origin();
  return origin.substr(origin.find("://") + 3);
}

http::Peer peer(const S3Options& options, http::Url url) {
  http::Peer to;
  to.url = std::move(url);
  to.tls.ca_file = options.ca_file;
  to.user_agent = "edp-operator";
  return to;
}

}  // namespace

Client::Client(const S3Options& options, http::Url endpoint)
    : options_(options),
      host_(host_header(endpoint)),
      access_(options.access_key_file, kReadKeys),
      secret_(options.secret_key_file, kReadKeys),
      session_(options.session_token_file, kReadKeys),
      pool_(peer(options, std::move(endpoint)), 8) {}

Result<Keys> Client::keys() {
  auto access = access_.get();
  if (!access) return tl::unexpected(access.error());
  auto secret = secret_.get();
  if (!secret) return tl::unexpected(secret.error());
  Keys keys{std::move(*access), std::move(*secret), {}};
  if (!options_.session_token_file.empty()) {
    auto session = session_.get();
    if (!session) return tl::unexpected(session.error());
    keys.session_token = std::move(*session);
  }
  return keys;
}

Client::Answer Client::once(const Ask& ask, const Keys& keys, const CancelToken& cancel) {
  Request request;
  request.method = ask.method;
  request.host = host_;
  request.path = "/" + options_.bucket + (ask.key.empty() ? "" : "/" + ask.key);
  request.query = ask.query;
  request.payload_sha256 = ask.sha256.empty() ? sha256_hex({}) : ask.sha256;
  request.time = std::time(nullptr);
  request.region = options_.region;

  Answer answer;
  bool refused = false;
  http::Message message;
  message.method = ask.method;
  message.target = target(request);
  message.headers = sign(request, keys);
  message.body = ask.body;
  message.content_type = ask.content_type;
  message.deadline = Clock::now() + (ask.quick ? kQuick : kDeadline);
  message.idle = kIdle;
  message.on_head = [&](const http::Head& head) {
    answer.status = head.status;
    return true;
  };
  message.on_body = [&](std::string_view bytes) {
    if (ask.sink != nullptr && answer.status == 200) {
      answer.begun = true;
      refused = !(*ask.sink)(bytes);
      return !refused;
    }
    if (answer.body.size() + bytes.size() > kMaxAnswer) {
      answer.failure = http::Failure{http::FailureKind::kTooLong, "the answer is too long"};
      return false;
    }
    answer.body += bytes;
    return true;
  };
  const auto outcome = pool_.exchange(message, cancel);
  if (outcome.failure) answer.failure = outcome.failure;
  if (refused) answer.failure = http::Failure{http::FailureKind::kLocal, "what came can't be kept"};
  return answer;
}

StoreError Client::explain(const Ask& ask, const Answer& answer) const {
  const std::string where = "s3://" + options_.bucket + "/" + ask.key;
  if (answer.failure) {
    return {StoreErrorKind::kUnavailable,
            Error{options_.endpoint + ": " + answer.failure->message, where, {}}};
  }
  const Fault fault = read_fault(answer.body);
  std::string what = ask.method + ": status " + std::to_string(answer.status) +
                     (fault.code.empty() ? "" : " " + fault.code + ": " + http::one_line(fault.message));
  StoreErrorKind kind = passing(answer.status) ? StoreErrorKind::kUnavailable : StoreErrorKind::kBroken;
  if (answer.status == 507 || fault.code == "QuotaExceeded" || fault.code == "XMinioStorageFull" ||
      fault.code == "InsufficientStorage") {
    kind = StoreErrorKind::kDiskFull;
  } else if (answer.status == 404 && (fault.code == "NoSuchKey" || fault.code.empty())) {
    kind = StoreErrorKind::kNotFound;
  } else if (fault.code == "RequestTimeTooSkewed") {
    what += "; this machine's clock is wrong";
  } else if (answer.status == 403) {
    what += "; the access key or its rights are wrong";
  }
  return {kind, Error{std::move(what), where, {}}};
}

StoreResult<Client::Answer> Client::call(const Ask& ask, const CancelToken& cancel) {
  const auto deadline = Clock::now() + kDeadline;
  bool keys_are_fresh = false;
  for (int attempt = 0;; ++attempt) {
    const auto with = keys();
    if (!with) return tl::unexpected(StoreError{StoreErrorKind::kBroken, with.error()});
    Answer answer = once(ask, *with, cancel);
    if (!answer.failure && answer.status >= 200 && answer.status < 300) return answer;
    if (!answer.failure && answer.status == 403 && !keys_are_fresh) {
      // They may have been changed since we read them.
      access_.forget();
      secret_.forget();
      session_.forget();
      keys_are_fresh = true;
      continue;
    }
    const bool again =
        (answer.failure ? answer.failure->kind != http::FailureKind::kLocal : passing(answer.status)) &&
        !answer.begun && !ask.quick && attempt + 1 < kAttempts;
    if (!again || Clock::now() >= deadline || cancel.sleep_for(backoff(attempt))) {
      return tl::unexpected(explain(ask, answer));
    }
  }
}

StoreResult<void> Client::put(const std::string& key, std::string_view body, const std::string& sha256,
                              const std::string& content_type, const CancelToken& cancel) {
  Ask ask{"PUT", key, content_type, {}, body, sha256};
  if (auto answer = call(ask, cancel); !answer) return tl::unexpected(answer.error());
  return {};
}

StoreResult<void> Client::get(const std::string& key, const http::Sink& sink, const CancelToken& cancel) {
  Ask ask{"GET", key, {}, {}, {}, {}, &sink};
  if (auto answer = call(ask, cancel); !answer) return tl::unexpected(answer.error());
  return {};
}

StoreResult<List> Client::list(const std::string& prefix, const std::string& continuation, size_t most,
                               const CancelToken& cancel) {
  Ask ask{"GET", {}, {}, {{"list-type", "2"}, {"prefix", prefix}, {"max-keys", std::to_string(most)}},
          {},    {}};
  if (!continuation.empty()) ask.query["continuation-token"] = continuation;
  auto answer = call(ask, cancel);
  if (!answer) {
    // A list is never "not found": then it is the bucket that is missing.
    StoreError error = answer.error();
    if (error.kind == StoreErrorKind::kNotFound) error.kind = StoreErrorKind::kBroken;
    return tl::unexpected(std::move(error));
  }
  auto list = read_list(answer->body);
  if (!list) {
    return tl::unexpected(StoreError{
        StoreErrorKind::kBroken, Error{"the answer is no list of objects", "s3://" + options_.bucket, {}}});
  }
  return std::move(*list);
}

StoreResult<void> Client::probe(const CancelToken& cancel) {
  Ask ask{"GET", {}, {}, {{"list-type", "2"}, {"max-keys", "1"}}, {}, {}};
  ask.quick = true;
  if (auto answer = call(ask, cancel); !answer) return tl::unexpected(answer.error());
  return {};
}

StoreResult<void> Client::remove(const std::string& key, const CancelToken& cancel) {
  Ask ask{"DELETE", key, {}, {}, {}, {}};
  const auto answer = call(ask, cancel);
  if (!answer && answer.error().kind != StoreErrorKind::kNotFound) return tl::unexpected(answer.error());
  return {};
}

}  // namespace edp::serve::s3
