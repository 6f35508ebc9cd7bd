// Inside of common/http_server: one request off a connection and its answer back. Only http_server_engine.cc
// knows cpp-httplib.
#pragma once

#include <memory>

#include "common/http_server.h"
#include "common/http_server_channel.h"

namespace edp::http {

class Engine {
 public:
  // `dispatch` makes the answer; an exception of it becomes a 500.
  Engine(const ServerOptions& options, ServerHandler dispatch);
  ~Engine();

  enum class Next {
    kKeep,    // the connection may have another request
    kLinger,  // answered, but the peer may still be sending: end our side first
    kClose,   // nothing more to say
  };
  // `last`: say that the connection will be closed. Never throws.
  Next serve(Channel& channel, const CancelToken& cancel, bool last);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::http
