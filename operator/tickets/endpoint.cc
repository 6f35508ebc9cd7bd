#include "operator/tickets/endpoint.h"

#include <algorithm>

#include "common/base64.h"
#include "common/files.h"
#include "common/http_url.h"
#include "common/json_nesting.h"
#include "operator/kube/retry_after.h"

namespace edp::tickets {
namespace {

using Clock = std::chrono::steady_clock;
constexpr uint64_t kMaxAnswer = uint64_t{4} << 20U;
constexpr uint64_t kMaxSecret = 65'536;

Result<std::string> word_of(const std::string& path) {
  auto text = read_file(path, kMaxSecret);
  if (!text) return text;
  const size_t begin = text->find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return fail("is empty", path);
  return text->substr(begin, text->find_last_not_of(" \t\r\n") - begin + 1);
}

// Read with each request: they are few, and a changed Secret then works at once.
http::Authorize basic(std::string user_file, std::string password_file) {
  return [user_file = std::move(user_file),
          password_file = std::move(password_file)](bool) -> tl::expected<std::string, http::Failure> {
    const auto user = word_of(user_file);
    const auto password = word_of(password_file);
    for (const auto* one : {&user, &password}) {
      if (!*one) return tl::unexpected(http::Failure{http::FailureKind::kLocal, one->error().to_string()});
    }
    return "Basic " + base64(*user + ":" + *password);
  };
}
http::Authorize bearer(std::string file) {
  return [file = std::move(file)](bool) -> tl::expected<std::string, http::Failure> {
    const auto token = word_of(file);
    if (!token) return tl::unexpected(http::Failure{http::FailureKind::kLocal, token.error().to_string()});
    return "Bearer " + *token;
  };
}

Trouble trouble_of(int status, const std::string& body, const std::string& what) {
  Trouble trouble{.message = what + ": status " + std::to_string(status)};
  if (const std::string text = server_text(body); !text.empty()) trouble.message += ": " + text;
  if (status == 429) {
    trouble.kind = Trouble::Kind::kBusy;
  } else if (status == 401 || status == 403) {
    trouble.kind = Trouble::Kind::kCredentials;
  } else if (status == 404) {
    trouble.kind = Trouble::Kind::kGone;
  } else if (status >= 300 && status < 500 && status != 408) {
    trouble.kind = Trouble::Kind::kRefused;
  } else {
    trouble.kind = Trouble::Kind::kUnreachable;
    trouble.maybe_done = true;  // a gateway may have given up while the server went on
  }
  return trouble;
}

}  // namespace

Json Reply::json() const {
  if (nests_deeper(body)) return {};
  Json tree = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  return tree.is_discarded() ? Json() : tree;
}

std::string server_text(const std::string& body) {
  std::string text;
  const auto add = [&text](const std::string& part) {
    if (part.empty()) return;
    if (!text.empty()) text += "; ";
    text += part;
  };
  const Json json = Reply{.body = body}.json();
  if (json.is_object()) {
    if (const auto list = json.find("errorMessages"); list != json.end() && list->is_array()) {
      for (const Json& one : *list) {
        if (one.is_string()) add(one.get<std::string>());
      }
    }
    if (const auto errors = json.find("errors"); errors != json.end() && errors->is_object()) {
      for (const auto& [field, what] : errors->items()) {
        if (what.is_string()) add(field + ": " + what.get<std::string>());
      }
    }
    for (const char* key : {"message", "error"}) {
      if (const auto one = json.find(key); one != json.end() && one->is_string())
        add(one->get<std::string>());
    }
  } else if (!body.empty() && body.front() != '<') {
    add(body.substr(0, 300));
  }
  return http::one_line(text, 300);
}

Result<std::unique_ptr<Endpoint>> Endpoint::open(const TrackerOptions& options, TimeLeft left,
                                                 CancelToken cancel) {
  auto url = http::parse_url(options.url);
  if (!url) return tl::unexpected(url.error().at("tickets.url"));
  http::Peer peer;
  if (!url->user.empty() || !url->password.empty()) {
    return fail("holds a user or a password: put them into the Secret", "tickets.url");
  }
  peer.url = std::move(*url);
  peer.tls.ca_file = options.ca_file;
  peer.user_agent = "edp-operator";
  if (!options.user_file.empty()) {
    peer.authorize = basic(options.user_file, options.password_file);
  } else if (!options.token_file.empty()) {
    peer.authorize = bearer(options.token_file);
  }
  if (!options.proxy.empty()) {
    auto proxy = http::parse_url(options.proxy);
    if (!proxy) return tl::unexpected(proxy.error().at("tickets.proxy"));
    if (proxy->tls || !proxy->path.empty()) return fail("must be http://host:port", "tickets.proxy");
    if (!proxy->user.empty() || !proxy->password.empty()) {
      return fail("holds a user or a password: put them into the Secret", "tickets.proxy");
    }
    peer.proxy = http::Proxy{.url = std::move(*proxy), .authorize = {}};
    if (!options.proxy_user_file.empty()) {
      peer.proxy->authorize = basic(options.proxy_user_file, options.proxy_password_file);
    }
  }
  return std::unique_ptr<Endpoint>(
      new Endpoint(options, std::move(peer), std::move(left), std::move(cancel)));
}

Endpoint::Endpoint(const TrackerOptions& options, http::Peer peer, TimeLeft left, CancelToken cancel)
    : timeout_(options.timeout),
      left_(std::move(left)),
      cancel_(std::move(cancel)),
      pool_(std::move(peer), 1) {}

Tried<Reply> Endpoint::call(const std::string& method, const std::string& target, const std::string& body,
                            bool writes, const Headers& headers) {
  std::chrono::milliseconds timeout = timeout_;
  http::Message message{.method = method, .target = target, .headers = headers, .body = body};
  if (!body.empty()) message.content_type = "application/json";
  message.headers.emplace_back("Accept", "application/json");
  if (writes) {
    // As operator/leader/fence.h: half of what is left, and asked again when the bytes go out.
    timeout = std::min(timeout, left_() / 2);
    if (timeout <= std::chrono::milliseconds::zero()) {
      return tl::unexpected(Trouble{.kind = Trouble::Kind::kNotLeader, .message = "not the leader any more"});
    }
    message.permit = [this, timeout] { return left_() >= timeout; };
  }
  message.deadline = Clock::now() + timeout;
  const http::Received got = pool_.call(std::move(message), kMaxAnswer, cancel_);
  const std::string what = method + " " + target.substr(0, target.find('?'));
  if (got.failure && got.status < 300) {  // an error is one also where its text broke off
    Trouble trouble{.message = what + ": " + got.failure->message, .maybe_done = got.sent};
    if (writes && got.failure->kind == http::FailureKind::kCancelled && !got.sent) {
      trouble.kind = Trouble::Kind::kNotLeader;
    } else if (got.failure->kind == http::FailureKind::kLocal) {
      trouble.kind = Trouble::Kind::kCredentials;
    }
    return tl::unexpected(std::move(trouble));
  }
  if (got.status >= 200 && got.status < 300) return Reply{got.status, got.body};
  Trouble trouble = trouble_of(got.status, got.body, what);
  const auto wait = kube::parse_retry_after(got.retry_after, std::chrono::system_clock::now());
  if (wait) trouble.retry_after = wait->count();
  return tl::unexpected(std::move(trouble));
}

}  // namespace edp::tickets
