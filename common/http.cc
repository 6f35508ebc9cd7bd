#include "common/http.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include "common/http_auth.h"
#include "common/http_exchange.h"
#include "common/http_intake.h"
#include "common/mutex.h"

namespace edp::http {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMaxRedirects = 5;

// The target of a redirect on the same server, else the failure to report.
tl::expected<std::string, Failure> redirected(const Url& url, const std::string& from,
                                              const std::string& location) {
  const auto elsewhere = [&] {
    return tl::unexpected(
        Failure{FailureKind::kRedirect, "redirected to another server: " + without_secrets(location)});
  };
  if (location.empty()) return tl::unexpected(Failure{FailureKind::kProtocol, "redirected to nowhere"});
  const bool clean =
      std::all_of(location.begin(), location.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!clean || location.starts_with("//")) return elsewhere();
  std::string path = location;
  if (const size_t scheme = location.find("://");
      scheme != std::string::npos && scheme < location.find_first_of("/?#")) {
    const auto other = parse_url(location);
    if (!other || other->origin() != url.origin()) return elsewhere();
    const size_t start = location.find_first_of("/?#", scheme + 3);
    path = start == std::string::npos ? "/" : location.substr(start);
  } else if (location.find(':') < location.find_first_of("/?#")) {
    return elsewhere();
  }
  path = path.substr(0, path.find('#'));
  if (path.starts_with('?')) return from.substr(0, from.find('?')) + path;
  if (path.starts_with('/')) return path;
  const std::string base = from.substr(0, from.find('?'));
  return base.substr(0, base.rfind('/') + 1) + path;
}

}  // namespace

std::string_view to_string(FailureKind kind) {
  switch (kind) {
    case FailureKind::kLocal:
      return "local";
    case FailureKind::kDns:
      return "dns";
    case FailureKind::kRefused:
      return "refused";
    case FailureKind::kTimeout:
      return "timeout";
    case FailureKind::kClosed:
      return "closed";
    case FailureKind::kTlsUntrusted:
      return "tls_untrusted";
    case FailureKind::kTls:
      return "tls";
    case FailureKind::kUnauthorized:
      return "unauthorized";
    case FailureKind::kForbidden:
      return "forbidden";
    case FailureKind::kNotFound:
      return "not_found";
    case FailureKind::kStatus:
      return "status";
    case FailureKind::kRedirect:
      return "redirect";
    case FailureKind::kHtml:
      return "html";
    case FailureKind::kTooLong:
      return "too_long";
    case FailureKind::kProtocol:
      return "protocol";
    case FailureKind::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

struct Client::Impl {
  Impl(Url server, Options how) : url(std::move(server)), options(std::move(how)) {}

  const Url url;
  const Options options;
  Authorization authorization{url, options};

  Mutex mutex;
  std::vector<std::string> addresses EDP_GUARDED_BY(mutex);  // the one that works first

  tl::expected<std::vector<std::string>, Failure> find(Clock::time_point deadline, const CancelToken& cancel);
  ExchangeResult reach(Exchange& what, const CancelToken& cancel);
};

tl::expected<std::vector<std::string>, Failure> Client::Impl::find(Clock::time_point deadline,
                                                                   const CancelToken& cancel) {
  {
    const MutexLock lock(mutex);
    if (!addresses.empty()) return addresses;
  }
  auto found = resolve(url.host, deadline, cancel);
  if (!found) return found;
  const MutexLock lock(mutex);
  addresses = *found;
  return found;
}

// Tries the host's addresses in turn until one connects, and remembers it: all requests then meet one server.
ExchangeResult Client::Impl::reach(Exchange& what, const CancelToken& cancel) {
  ExchangeResult result;
  const auto found = find(what.deadline, cancel);
  if (!found) {
    result.failure = found.error();
    return result;
  }
  for (const std::string& address : *found) {
    what.address = address;
    result = exchange(what, cancel);
    if (result.connected) {
      const MutexLock lock(mutex);
      addresses = {address};
      return result;
    }
    if (cancel.cancelled() || Clock::now() >= what.deadline) return result;
  }
  return result;
}

Client::Client(Url url, Options options)
    : impl_(std::make_unique<Impl>(std::move(url), std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

const Url& Client::url() const { return impl_->url; }

Response Client::get(const Request& request, const CancelToken& cancel) const {
  std::string target = request.target;
  bool token_read_again = false;
  bool retried = false;
  int redirects = 0;
  for (;;) {
    Response response;
    const auto failed = [&](Failure failure) {
      response.failure = std::move(failure);
      return response;
    };
    if (cancel.cancelled()) return failed({FailureKind::kCancelled, "cancelled"});
    if (Clock::now() >= request.deadline)
      return failed({FailureKind::kTimeout, "no time left for this request"});
    auto authorization = impl_->authorization.header(false);
    if (!authorization) return failed(authorization.error());
    if (!impl_->options.ca_file.empty() && impl_->url.tls && !std::ifstream(impl_->options.ca_file)) {
      return failed({FailureKind::kLocal,
                     "CA file " + impl_->options.ca_file + ": " + std::generic_category().message(errno)});
    }

    Intake intake(request, response);
    Exchange what;
    what.url = &impl_->url;
    what.target = target;
    what.authorization = *authorization;
    what.ca_file = impl_->options.ca_file;
    what.connect_timeout = impl_->options.connect_timeout;
    what.deadline = request.deadline;
    what.cancel_grace = request.cancel_grace;
    what.on_head = [&](const ResponseHead& head) { return intake.on_head(head); };
    what.on_body = [&](std::string_view data) { return intake.on_body(data); };
    const ExchangeResult result = impl_->reach(what, cancel);
    intake.finish();
    response.ended_early = result.ended_early;

    if (!result.answered && result.failure && result.failure->kind == FailureKind::kClosed && request.cheap &&
        !retried) {
      retried = true;
      continue;
    }
    if (intake.redirect()) {
      if (++redirects > kMaxRedirects) return failed({FailureKind::kRedirect, "redirected too often"});
      auto next = redirected(impl_->url, target, intake.location());
      if (!next) return failed(next.error());
      target = std::move(*next);
      continue;
    }
    if (response.status == 401 && !token_read_again) {
      token_read_again = true;
      const auto fresh = impl_->authorization.header(true);
      if (fresh && *fresh != *authorization) continue;
    }
    if (intake.failure()) return failed(*intake.failure());
    if (response.status != 0 && response.status != 200)
      return failed(from_status(response.status, response.error_body));
    if (result.failure) response.failure = result.failure;
    return response;
  }
}

}  // namespace edp::http
