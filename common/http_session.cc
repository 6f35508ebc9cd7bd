#include "common/http_session.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "common/http_auth.h"
#include "common/http_exchange.h"
#include "common/http_tls.h"
#include "common/http_transport.h"
#include "common/http_tunnel.h"

namespace edp::http {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxHeldBack = 65536;  // of the body of a 401 that may be asked again

bool safe(const std::string& method) { return method == "GET" || method == "HEAD"; }

bool one_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool one_header(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; });
}

// What would break out of its place in the request.
std::optional<Failure> check(const Message& message) {
  const auto bad = [](std::string what) { return Failure{FailureKind::kLocal, std::move(what)}; };
  if (!one_word(message.method)) return bad("the request's method is not one word");
  if (!one_word(message.target) || message.target.front() != '/')
    return bad("the request's path must begin with '/' and be percent-encoded");
  for (const auto& [name, value] : message.headers) {
    if (!one_word(name) || name.find(':') != std::string::npos || !one_header(value))
      return bad("header " + one_line(name, 60) + " holds a character that none may have");
  }
  if (!one_header(message.content_type)) return bad("the content type holds a control character");
  return std::nullopt;
}

}  // namespace

struct Session::Impl {
  Impl(std::shared_ptr<const Peer> who, std::shared_ptr<TlsContext> how)
      : peer(std::move(who)), tls(std::move(how)) {}

  const std::shared_ptr<const Peer> peer;
  const std::shared_ptr<TlsContext> tls;
  Transport transport;

  // The proxy itself reads our requests and may answer them; else it passes on a tunnel's bytes, or there is
  // none.
  [[nodiscard]] bool forwarded() const { return peer->proxy && !peer->url.tls; }
  std::optional<Failure> open(const Message& message, const std::string& proxy_authorization,
                              const CancelToken& cancel);
  RequestLine line(const Message& message, const std::string& authorization,
                   const std::string& proxy_authorization) const;
  Outcome run(const Message& message, const CancelToken& cancel);
};

std::optional<Failure> Session::Impl::open(const Message& message, const std::string& proxy_authorization,
                                           const CancelToken& cancel) {
  const Url& url = peer->url;
  if (url.tls && !tls) return Failure{FailureKind::kTls, "TLS was not set up"};
  const Url& first = peer->proxy ? peer->proxy->url : url;
  const auto found = resolve(first.host, message.deadline, cancel);
  std::optional<Failure> failure;
  if (!found) failure = found.error();
  for (const std::string& address : found ? *found : std::vector<std::string>()) {
    failure = transport.connect(address, first.port, first.host,
                                url.tls && !peer->proxy ? tls.get() : nullptr, peer->connect_timeout);
    if (!failure || cancel.cancelled() || Clock::now() >= message.deadline) break;
  }
  if (!peer->proxy) return failure;
  if (failure) {
    return by_proxy(std::move(*failure), first);
  }
  if (!url.tls) return std::nullopt;
  failure = open_tunnel(transport, first, url, proxy_authorization);
  return failure ? failure : transport.secure(url.host, *tls, peer->connect_timeout);
}

RequestLine Session::Impl::line(const Message& message, const std::string& authorization,
                                const std::string& proxy_authorization) const {
  RequestLine line{.method = message.method, .target = peer->url.path + message.target};
  if (forwarded()) {
    line.target = "http://" + host_header(peer->url) + line.target;
    if (!proxy_authorization.empty()) line.headers.emplace_back("Proxy-Authorization", proxy_authorization);
  }
  line.headers.insert(line.headers.end(), message.headers.begin(), message.headers.end());
  line.headers.emplace_back("Host", host_header(peer->url));
  line.headers.emplace_back("User-Agent", peer->user_agent);
  if (!message.content_type.empty() && !message.body.empty())
    line.headers.emplace_back("Content-Type", message.content_type);
  if (!authorization.empty()) line.headers.emplace_back("Authorization", authorization);
  line.body = message.body;
  line.keep = true;
  return line;
}

Outcome Session::Impl::run(const Message& message, const CancelToken& cancel) {
  Outcome outcome;
  bool refused = false;  // the server took our first Authorization for nothing
  bool stale = false;    // a kept connection was closed, this is the second try
  std::string authorization;
  const auto failed = [&](Failure failure) {
    outcome.failure = std::move(failure);
    return outcome;
  };
  if (peer->authorize) {
    auto value = peer->authorize(false);
    if (!value) return failed(value.error());
    authorization = std::move(*value);
  }
  std::string proxy_authorization;
  if (peer->proxy && peer->proxy->authorize) {
    auto value = peer->proxy->authorize(false);
    if (!value) return failed(value.error());
    proxy_authorization = std::move(*value);
  }
  for (;;) {
    if (cancel.cancelled()) return failed({FailureKind::kCancelled, "cancelled"});
    if (Clock::now() >= message.deadline)
      return failed({FailureKind::kTimeout, "no time left for this request"});
    if (!one_header(authorization) || !one_header(proxy_authorization))
      return failed({FailureKind::kLocal, "the Authorization header would hold a control character"});
    const bool kept = transport.usable();
    if (!kept) {
      if (auto failure = open(message, proxy_authorization, cancel)) return failed(std::move(*failure));
    }
    if (message.permit && !message.permit()) {
      return failed({FailureKind::kCancelled, "not permitted to go out any more"});
    }
    Head held;
    std::string held_body;
    bool hold = false;
    const auto on_head = [&](const ResponseHead& response) {
      Head head{response.status, response.content_type, response.retry_after, response.headers};
      outcome.status = head.status;
      if (forwarded() && head.status == 407) return false;
      hold = head.status == 401 && peer->authorize && !refused;
      if (!hold) return !message.on_head || message.on_head(head);
      held = std::move(head);
      return true;
    };
    const auto on_body = [&](std::string_view data) {
      if (hold) {
        held_body += data.substr(0, kMaxHeldBack - held_body.size());
        return held_body.size() < kMaxHeldBack;
      }
      outcome.bytes += data.size();
      return !message.on_body || message.on_body(data);
    };
    const ProtocolResult result =
        speak(transport, line(message, authorization, proxy_authorization), on_head, on_body);
    if (forwarded() && outcome.status == 407) {  // the proxy's word, not the server's
      outcome.status = 0;
      return failed(by_proxy({FailureKind::kRefused, "status 407"}, peer->proxy->url));
    }
    const uint64_t sent = transport.sent();
    const bool silent = transport.received() == 0;
    outcome.sent = outcome.sent || sent > 0;
    if (!result.reusable) transport.close();

    if (kept && !stale && !result.answered && result.failure && silent &&
        result.failure->kind == FailureKind::kClosed && (sent == 0 || safe(message.method))) {
      stale = true;
      transport.begin_exchange({.deadline = message.deadline, .idle = message.idle}, cancel);
      continue;
    }
    if (hold) {
      refused = true;
      auto fresh = peer->authorize(true);
      if (fresh && *fresh != authorization) {
        authorization = std::move(*fresh);
        outcome.status = 0;
        transport.begin_exchange({.deadline = message.deadline, .idle = message.idle}, cancel);
        continue;
      }
      outcome.bytes = held_body.size();
      outcome.stopped = (message.on_head && !message.on_head(held)) ||
                        (message.on_body && !held_body.empty() && !message.on_body(held_body));
    } else {
      outcome.stopped = result.stopped;
    }
    if (!outcome.stopped) outcome.failure = result.failure;
    return outcome;
  }
}

Session::Session(std::shared_ptr<const Peer> peer, std::shared_ptr<TlsContext> tls)
    : impl_(std::make_unique<Impl>(std::move(peer), std::move(tls))) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::close() { impl_->transport.close(); }

Outcome Session::exchange(const Message& message, const CancelToken& cancel) {
  Outcome outcome;
  if (auto failure = check(message)) {
    outcome.failure = std::move(failure);
    return outcome;
  }
  try {
    impl_->transport.begin_exchange({.deadline = message.deadline, .idle = message.idle}, cancel);
    outcome = impl_->run(message, cancel);
  } catch (const std::exception& error) {
    outcome = {};
    outcome.sent = true;  // for all we know
    outcome.failure = Failure{FailureKind::kLocal, std::string("the request failed here: ") + error.what()};
  }
  if (outcome.failure || outcome.stopped) impl_->transport.close();
  impl_->transport.end_exchange();
  return outcome;
}

Authorize bearer_from_file(std::string path) {
  struct Held {
    explicit Held(std::string file) : options{.token_file = std::move(file)} {}
    const Url url;
    const Options options;
    Authorization authorization{url, options};
  };
  auto held = std::make_shared<Held>(std::move(path));
  return [held](bool again) { return held->authorization.header(again); };
}

}  // namespace edp::http
