// Who is it, and may he: TokenReview and SubjectAccessReview, asked of the kube-apiserver. Where that gives
// no answer, the answer is "unavailable", never yes.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/cancel.h"
#include "operator/kube/api.h"

namespace edp::serve {

struct User {
  std::string name, uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>, std::less<>> extra;
  [[nodiscard]] std::string_view extra_value(
      std::string_view key) const;  // the first; empty where there is none
};

enum class Verdict : uint8_t { kYes, kNo, kUnavailable };

struct Identity {
  Verdict verdict = Verdict::kUnavailable;  // kNo: the token is none, or not for us
  User user;
  std::string trouble;  // where unavailable, for the log
};

struct Access {
  Verdict verdict = Verdict::kUnavailable;
  std::string trouble;
};

struct AccessRequest {
  std::string verb = "get", group = "edp.dev", resource = "diagnosticruns", ns, name;
};

class Reviewer {
 public:
  struct Options {
    std::chrono::seconds cache_time{10};  // positive answers only; 0: none
    size_t cache_entries = 1024;
    std::chrono::milliseconds timeout{5'000};  // of one call
    std::function<std::chrono::steady_clock::time_point()> clock = std::chrono::steady_clock::now;
  };

  Reviewer(kube::Api& api, Options options);
  ~Reviewer();

  // `audience` empty: the apiserver's own. Cached by the token's hash and audience.
  Identity who(std::string_view token, const std::string& audience, const CancelToken& cancel);
  Access may(const User& user, const AccessRequest& what, const CancelToken& cancel);

 private:
  struct Cache;
  kube::Api& api_;
  const Options options_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace edp::serve
