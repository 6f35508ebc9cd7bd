// Inside of operator/kube: who we are, as the files and plugins say it now.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/http_session.h"
#include "common/mutex.h"
#include "operator/kube/config.h"
#include "operator/kube/exec_plugin.h"

namespace edp::kube {

// All members may be called from any thread; a plugin runs once for all who wait for it.
class Credentials {
 public:
  explicit Credentials(ClusterConfig config);

  // Value of the Authorization header, empty for none. `again`: the last one was refused.
  tl::expected<std::string, http::Failure> header(bool again);

  // The TLS side, where it has changed since the last call that gave one; null where it has not. Files are
  // looked at each 10 s, or now with `at_once`. Where there is something to use already, a file that is
  // missing or half written is no failure: it is tried again later.
  tl::expected<std::shared_ptr<http::TlsContext>, http::Failure> fresh_tls(bool at_once);

 private:
  using Clock = std::chrono::steady_clock;
  // What a file was when it was read; a changed one differs in some of it.
  using Stamp = std::tuple<int64_t, int64_t, uint64_t, int64_t>;

  std::optional<http::Failure> run_if_due(bool again) EDP_REQUIRES(mutex_);
  tl::expected<http::TlsOptions, http::Failure> options() EDP_REQUIRES(mutex_);
  bool files_changed() EDP_REQUIRES(mutex_);

  const ClusterConfig config_;
  http::Authorize file_;  // of a token file
  std::string fixed_;     // of a token or a password
  Mutex mutex_;
  std::optional<Credential> plugin_ EDP_GUARDED_BY(mutex_);
  Clock::time_point plugin_ran_ EDP_GUARDED_BY(mutex_);
  bool changed_ EDP_GUARDED_BY(mutex_) = true;  // fresh_tls() has something new to make
  bool made_ EDP_GUARDED_BY(mutex_) = false;
  Clock::time_point looked_ EDP_GUARDED_BY(mutex_);
  std::map<std::string, Stamp> stamps_ EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::kube
