#include "operator/kube/client.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <utility>

#include "common/http_session.h"
#include "common/mutex.h"
#include "operator/kube/credentials.h"
#include "operator/kube/retry_after.h"

namespace edp::kube {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxErrorBody = size_t{1} << 20;  // of a stream's answer that is not 200

http::Peer peer(const ClusterConfig& config, const ClientOptions& options, Credentials& credentials) {
  return {.url = config.server,
          .authorize = [&credentials](bool again) { return credentials.header(again); },
          .user_agent = options.user_agent,
          .connect_timeout = options.connect_timeout};
}

class Client : public Api {
 public:
  Client(const ClusterConfig& config, const ClientOptions& options)
      : impersonate_(config.impersonate),
        credentials_(config),
        pool_(peer(config, options, credentials_), options.connections) {}

  Answer call(const Call& what, const CancelToken& cancel) override {
    return twice(what, [&] {
      http::Received got = pool_.call(message(what), what.max_bytes, cancel);
      Answer answer{.status = got.status,
                    .body = std::move(got.body),
                    .retry_after = parse_retry_after(got.retry_after, now())};
      return Tried{std::move(answer), std::move(got.failure), got.sent};
    });
  }

  Answer stream(const Call& what, std::chrono::milliseconds idle, const BodySink& sink,
                const CancelToken& cancel) override {
    return twice(what, [&] {
      Answer answer;
      http::Message out = message(what);
      out.idle = idle;
      out.on_head = [&](const http::Head& head) {
        answer.status = head.status;
        answer.retry_after = parse_retry_after(head.retry_after, now());
        return true;
      };
      out.on_body = [&](std::string_view data) {
        if (answer.status == 200) return sink(data);
        answer.body += data.substr(0, kMaxErrorBody - answer.body.size());
        return answer.body.size() < kMaxErrorBody;
      };
      http::Outcome got = pool_.stream(out, cancel);
      answer.status = got.status;
      return Tried{std::move(answer), std::move(got.failure), got.sent};
    });
  }

 private:
  struct Tried {
    Answer answer;
    std::optional<http::Failure> failure;
    bool sent = false;
  };

  static std::chrono::system_clock::time_point now() { return std::chrono::system_clock::now(); }

  http::Message message(const Call& what) const {
    http::Message out{.method = what.method, .target = what.path, .headers = what.headers, .body = what.body};
    out.content_type = what.content_type;
    out.deadline = Clock::now() + what.timeout;
    out.permit = what.permit;
    const bool accepts = std::any_of(what.headers.begin(), what.headers.end(),
                                     [](const auto& header) { return header.first == "Accept"; });
    if (!accepts) out.headers.emplace_back("Accept", "application/json");
    out.headers.insert(out.headers.end(), impersonate_.begin(), impersonate_.end());
    return out;
  }

  // Whether connections are made in another way from now on. One thread at a time: the others must not
  // connect before the first has said how.
  tl::expected<bool, http::Failure> follow(bool at_once) {
    const MutexLock lock(following_);
    auto tls = credentials_.fresh_tls(at_once);
    if (!tls) return tl::unexpected(tls.error());
    if (!*tls) return false;
    pool_.replace_tls(std::move(*tls));
    return true;
  }

  // Once more where a certificate, key, CA or plugin's answer changed meanwhile and the server can't have
  // acted on the first try.
  template <typename Try>
  Answer twice(const Call& what, const Try& attempt) {
    Tried tried;
    auto changed = follow(false);
    if (!changed) {
      tried.failure = changed.error();
    } else {
      tried = attempt();
      const bool tls_failed = tried.failure && (tried.failure->kind == http::FailureKind::kTls ||
                                                tried.failure->kind == http::FailureKind::kTlsUntrusted);
      const bool refused = !tried.failure && tried.answer.status == 401;
      // With TLS 1.3 a refused certificate is heard of only after the request has gone out.
      if (tls_failed || refused) changed = follow(true);
      if ((refused || (tls_failed && (!tried.sent || !what.writes()))) && changed && *changed)
        tried = attempt();
    }
    if (tried.failure) {
      tried.answer.failure = Error{std::move(tried.failure->message),
                                   what.method + " " + what.path.substr(0, what.path.find('?')),
                                   {}};
    }
    return std::move(tried.answer);
  }

  const std::vector<std::pair<std::string, std::string>> impersonate_;
  Credentials credentials_;
  Mutex following_;
  http::SessionPool pool_;
};

}  // namespace

std::unique_ptr<Api> connect(const ClusterConfig& config, const ClientOptions& options) {
  return std::make_unique<Client>(config, options);
}

}  // namespace edp::kube
