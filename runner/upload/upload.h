// Takes a finished report to the report service. The network is somebody else's: what may pass is tried again
// until there is no more time, what is final is said at once.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/cancel.h"
#include "common/result.h"

namespace edp::upload {

struct File {
  std::string name;  // "report.json": the last part of the URL
  std::string content_type;
  std::string_view body;
};

struct PutRequest {
  std::string_view token;   // never logged
  std::string_view digest;  // "sha256:..." of the body
  const File* file = nullptr;
  std::chrono::steady_clock::time_point deadline;
};

struct PutAnswer {
  int status = 0;  // 0: no answer came, see failure
  std::string body;
  std::string failure;
  std::optional<std::chrono::seconds> retry_after;
};

// One PUT to the service, see http_put().
using Put = std::function<PutAnswer(const PutRequest&)>;

struct Plan {
  std::string token_file;  // read before each try: projected tokens rotate
  std::chrono::steady_clock::time_point deadline;
  // How much of it is left once `cancel` is set: a pod that is deleted has so long before it is killed.
  std::chrono::milliseconds grace{20'000};
  std::chrono::milliseconds first_pause{500};  // doubled from try to try, up to 15 s, with jitter
  std::chrono::milliseconds one_try{60'000};
};

// "sha256:" and 64 digits.
std::string digest_of(std::string_view bytes);

// PUTs `file`; no answer, 401 (the token may just have rotated), 408, 429 and every 5xx (507: the store is
// full) are tried again, other answers are final. The service's own digest must agree. A cancelled token
// shortens the time, it does not stop the upload: a partial report is worth its bytes.
Result<void> put_file(const File& file, const Plan& plan, const Put& put, const CancelToken& cancel);

struct Server {
  std::string url;  // http(s)://host:port/base; the file's name is added
  std::string ca;   // a PEM file, or "env:VAR" with PEM in it; empty: the system's roots
};

// A Put over a connection of its own each time.
Result<Put> http_put(const Server& server);

}  // namespace edp::upload
