// Inside of common: a client's side of TLS, prepared once for many connections.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "common/http_session.h"

namespace edp::http {

class TlsContext {
 public:
  // Verified against `options`' CA or the system's; the host's name is checked for each connection.
  static tl::expected<std::shared_ptr<TlsContext>, Failure> make(const TlsOptions& options);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  // For a connected, non-blocking socket; null where OpenSSL refuses (out of memory, a name that is none).
  [[nodiscard]] SSL* open(int socket, const std::string& host) const;

  [[nodiscard]] bool own_ca() const { return own_ca_; }

 private:
  TlsContext() = default;

  SSL_CTX* context_ = nullptr;
  std::string server_name_;
  bool own_ca_ = false;
};

// The oldest entry of this thread's error queue, "" where there is none. Empties the queue.
std::string openssl_reason();

}  // namespace edp::http
