// Inside of common/http: how a client names itself to a server.
#pragma once

#include <chrono>
#include <string>

#include "common/http.h"
#include "common/mutex.h"

namespace edp::http {

class Authorization {
 public:
  // Borrows both.
  Authorization(const Url& url, const Options& options);

  // The value of the Authorization header, empty for none. `again`: the server did not accept the one in
  // hand.
  tl::expected<std::string, Failure> header(bool again);

 private:
  const Url& url_;
  const Options& options_;
  Mutex mutex_;
  std::string value_ EDP_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point read_at_ EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::http
