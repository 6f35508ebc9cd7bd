// Inside of common/http_server: the certificate in use, which may change at any time.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "common/http_server_channel.h"
#include "common/mutex.h"
#include "common/result.h"

namespace edp::http {

// TLS 1.2 and later, no renegotiation, no session resumption (a swapped context could not honour it).
Result<SslContext> make_server_context(const std::string& certificate_file, const std::string& key_file);

// Connections keep the context they began with.
class ServerCertificate {
 public:
  ServerCertificate(std::string certificate_file, std::string key_file,
                    std::function<void(std::string_view)> log);

  // The first load; later changes come by refresh().
  Result<void> load();
  [[nodiscard]] SslContext context();
  // Loads again where the content of a file has changed. What can't be used (half of a pair is new, the disk
  // fails) is said once and tried again at the next call; the old one stays.
  void refresh();

 private:
  const std::string certificate_file_, key_file_;
  const std::function<void(std::string_view)> log_;
  Mutex mutex_;
  SslContext context_ EDP_GUARDED_BY(mutex_);
  std::string in_use_, said_;  // of the thread that refreshes
};

}  // namespace edp::http
