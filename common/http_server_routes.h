// Inside of common/http_server: which handler a path belongs to. Segments are compared as they were sent, so
// that no decoding can make "/" or ".." out of anything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/http_server.h"

namespace edp::http {

class Routes {
 public:
  void add(std::string method, std::string_view pattern, ServerHandler handler);
  // Sets request.params and calls the handler; 404 or 405 where there is none. Throws what the handler
  // throws.
  Reply dispatch(ServerRequest& request) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;  // "{...}" takes any
    ServerHandler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace edp::http
