#include "common/http_server_routes.h"

namespace edp::http {
namespace {

// "/a/b/" -> {"", "a", "b", ""}
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (true) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

bool match(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path,
           std::vector<std::string>& params) {
  if (pattern.size() != path.size()) return false;
  params.clear();
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (is_parameter(pattern[i])) {
      if (path[i].empty()) return false;
      params.emplace_back(path[i]);
    } else if (pattern[i] != path[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

void Routes::add(std::string method, std::string_view pattern, ServerHandler handler) {
  Route route{std::move(method), {}, std::move(handler)};
  for (const auto segment : split(pattern)) route.segments.emplace_back(segment);
  routes_.push_back(std::move(route));
}

Reply Routes::dispatch(ServerRequest& request) const {
  const auto path = split(request.path);
  const std::string_view wanted = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  std::string allowed;
  for (const auto& route : routes_) {
    if (!match(route.segments, path, request.params)) continue;
    if (route.method == wanted) return route.handler(request);
    allowed += (allowed.empty() ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
  }
  request.params.clear();
  if (allowed.empty()) return error_reply(404, "NotFound", "there is nothing at this path");
  Reply reply = error_reply(405, "MethodNotAllowed", "this path takes " + allowed);
  reply.headers.emplace_back("Allow", allowed);
  return reply;
}

}  // namespace edp::http
