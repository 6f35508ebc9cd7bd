// What is wrong with a request, for the client and for the log.
#pragma once

#include <string>

#include "common/http_server.h"
#include "operator/serve/store.h"

namespace edp::serve {

struct Fault {
  int status = 500;
  std::string reason;   // one CamelCase word out of a fixed set
  std::string message;  // for the client
  std::string detail;   // for the log; may be empty
};

// {error, reason}, with WWW-Authenticate at 401 and Retry-After at 503.
http::Reply to_reply(const Fault& fault);

// What a store's error is to a client.
Fault store_fault(const StoreError& error);

}  // namespace edp::serve
