#include "operator/control/check_urls.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "common/http.h"

namespace edp::control {
namespace {

using Clock = std::chrono::steady_clock;

struct Wanted {
  http::Url url;
  int status = 200;
};

Result<Wanted> read(std::string_view text) {
  Wanted wanted;
  if (const size_t mark = text.rfind('='); mark != std::string_view::npos) {
    const std::string_view status = text.substr(mark + 1);
    const auto [end, error] = std::from_chars(status.data(), status.data() + status.size(), wanted.status);
    if (error != std::errc() || end != status.data() + status.size()) {
      return fail("what stands after '=' is no HTTP status", http::without_secrets(text));
    }
    text = text.substr(0, mark);
  }
  auto url = http::parse_url(text);
  if (!url) return tl::unexpected(url.error());
  wanted.url = std::move(*url);
  return wanted;
}

Result<void> ask(const Wanted& wanted, const CheckOptions& options, Clock::time_point until,
                 const CancelToken& cancel) {
  const http::Client client(wanted.url, {.ca_file = options.ca_file});
  const std::string target = wanted.url.path.empty() ? "/" : wanted.url.path;
  for (;;) {
    const http::Response answer = client.get({.target = target,
                                              .deadline = Clock::now() + std::chrono::seconds(10),
                                              .html = true,
                                              .sink = [](std::string_view) { return true; }},
                                             cancel);
    if (answer.status == wanted.status) return {};
    std::string what = answer.status != 0 ? "answers " + std::to_string(answer.status) + ", not " +
                                                std::to_string(wanted.status)
                       : answer.failure ? answer.failure->message
                                        : "no answer";
    if (Clock::now() + options.pause >= until || cancel.sleep_for(options.pause)) {
      return fail(std::move(what), wanted.url.shown());
    }
  }
}

}  // namespace

Result<void> check_urls(const std::vector<std::string>& urls, const CheckOptions& options,
                        const CancelToken& cancel) {
  const Clock::time_point until = Clock::now() + options.patience;
  for (const std::string& url : urls) {
    const auto wanted = read(url);
    if (!wanted) return tl::unexpected(wanted.error());
    if (auto good = ask(*wanted, options, until, cancel); !good) return good;
  }
  return {};
}

}  // namespace edp::control
