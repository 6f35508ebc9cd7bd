#include "operator/serve/ops.h"

#include <utility>

namespace edp::serve {
namespace {

http::Reply plain(int status, std::string body) {
  http::Reply reply;
  reply.status = status;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = std::move(body);
  return reply;
}

http::ServerHandler verdict(std::function<std::string()> why_not, int status) {
  return [why_not = std::move(why_not), status](http::ServerRequest&) {
    const std::string why = why_not ? why_not() : std::string();
    return why.empty() ? plain(200, "ok\n") : plain(status, why + "\n");
  };
}

}  // namespace

void add_ops_routes(http::Server& server, OpsCallbacks callbacks) {
  server.route("GET", "/healthz", verdict(std::move(callbacks.unhealthy), 500));
  server.route("GET", "/readyz", verdict(std::move(callbacks.unready), 503));
  server.route("GET", "/metrics", [metrics = std::move(callbacks.metrics)](http::ServerRequest&) {
    http::Reply reply = plain(200, metrics ? metrics() : std::string());
    reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return reply;
  });
}

}  // namespace edp::serve
