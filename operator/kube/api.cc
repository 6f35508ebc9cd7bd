#include "operator/kube/api.h"

#include "common/http_url.h"
#include "operator/kube/paths.h"

namespace edp::kube {

std::string Answer::explain() const {
  if (failure) {
    const std::string broke_off = status != 0 ? std::to_string(status) + ", " : "";
    return broke_off + failure->to_string();
  }
  const StatusText text = read_status(body);
  std::string out = std::to_string(status);
  if (!text.reason.empty()) out += " " + text.reason;
  // Who is no apiserver answers in its own words.
  const std::string message =
      text.message.empty() && text.reason.empty() && !ok() ? http::one_line(body) : text.message;
  if (!message.empty()) out += ": " + message;
  return out;
}

}  // namespace edp::kube
