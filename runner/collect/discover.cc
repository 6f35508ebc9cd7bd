#include "runner/collect/discover.h"

#include <charconv>
#include <string_view>

namespace edp::collect {
namespace {

using http::Failure;
using http::FailureKind;

constexpr std::string_view kPprof = "/debug/pprof";

// In the order to try.
std::vector<std::string> candidates(const std::string& path) {
  if (const size_t at = path.find("/debug/pprof/"); at != std::string::npos) {
    return {path.substr(0, at + kPprof.size())};
  }
  std::vector<std::string> out;
  if (path.ends_with("/pprof")) out.push_back(path);
  if (path.ends_with("/debug")) out.push_back(path + "/pprof");
  out.push_back(path + std::string(kPprof));
  if (out.size() == 1) out.push_back(path + "/pprof");
  if (!path.empty() && out.front() != path) out.push_back(path);
  return out;
}

bool is_index(std::string_view page) {
  const auto has = [&](std::string_view text) { return page.find(text) != std::string_view::npos; };
  return has("goroutine?debug=") || (has("pprof") && has("goroutine") && has("heap") && has("threadcreate"));
}

// Whether other paths of the same server may do better.
bool path_matters(const Failure& failure) {
  switch (failure.kind) {
    case FailureKind::kNotFound:
    case FailureKind::kStatus:
    case FailureKind::kRedirect:
    case FailureKind::kHtml:
    case FailureKind::kTooLong:
      return true;
    default:
      return false;
  }
}

struct Page {
  std::string body;
  std::optional<Failure> failure;
};

}  // namespace

std::optional<uint64_t> goroutines_on_index(std::string_view page) {
  // net/http/pprof: <tr><td>5</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr>; before Go 1.22 the
  // same with double quotes on some versions.
  const size_t link = page.find("goroutine?debug=1");
  if (link == std::string_view::npos) return std::nullopt;
  const std::string_view before = page.substr(0, link);
  const size_t row = before.rfind("<tr>");
  const size_t cell = before.find("<td>", row == std::string_view::npos ? 0 : row);
  if (row == std::string_view::npos || cell == std::string_view::npos) return std::nullopt;
  uint64_t count = 0;
  const auto [rest, error] = std::from_chars(before.data() + cell + 4, before.data() + before.size(), count);
  if (error != std::errc{} || !std::string_view(rest, before.data() + before.size()).starts_with("</td>")) {
    return std::nullopt;
  }
  return count;
}

tl::expected<PprofServer, Failure> discover(const http::Client& client, const std::string& path,
                                            std::chrono::steady_clock::time_point deadline,
                                            const CancelToken& cancel) {
  const auto get = [&](const std::string& target) {
    Page page;
    http::Request request;
    request.target = target;
    request.deadline = deadline;
    request.max_bytes = 64 << 10;
    request.cheap = true;
    request.html = true;
    request.sink = [&](std::string_view data) {
      page.body += data;
      return true;
    };
    page.failure = client.get(request, cancel).failure;
    return page;
  };

  std::optional<Failure> first;
  for (const std::string& prefix : candidates(path)) {
    PprofServer server{.prefix = prefix, .roots = {}, .goroutines = {}};
    std::string root = prefix.ends_with(kPprof) ? prefix.substr(0, prefix.size() - kPprof.size()) : path;
    if (!root.empty()) server.roots.push_back(std::move(root));
    server.roots.emplace_back();

    Page index = get(prefix + "/");
    if (is_index(index.body)) {
      server.goroutines = goroutines_on_index(index.body);
      return server;
    }
    if (index.failure && !path_matters(*index.failure)) return tl::unexpected(*index.failure);
    if (!first) {
      first = index.failure.value_or(Failure{FailureKind::kHtml, "a page that is not pprof's index"});
      first->message = "no Go pprof server: GET " + prefix + "/ gives " + first->message +
                       "; name the path of its pprof pages in the URL";
    }
    // Servers that mount single handlers have no index.
    if (get(prefix + "/symbol").body.starts_with("num_symbols:")) return server;
    if (get(prefix + "/goroutine?debug=1").body.starts_with("goroutine profile: total")) return server;
  }
  first->kind = FailureKind::kStatus;
  return tl::unexpected(*first);
}

}  // namespace edp::collect
