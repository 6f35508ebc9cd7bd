#include "common/http_server_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/files.h"

namespace edp::http {
namespace {

constexpr uint64_t kMaxPem = uint64_t{1} << 20;

std::string tls_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* text = ERR_reason_error_string(code);
  ERR_clear_error();
  return text != nullptr ? text : "unknown reason";
}

}  // namespace

Result<SslContext> make_server_context(const std::string& certificate_file, const std::string& key_file) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr) return fail("no TLS context: " + tls_reason());
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_mode(
      raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Forward secrecy and authenticated encryption only; TLS 1.3 has nothing else.
  if (SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) return fail(tls_reason());
  if (SSL_CTX_use_certificate_chain_file(raw, certificate_file.c_str()) != 1) {
    return fail("certificate can't be used: " + tls_reason(), certificate_file);
  }
  if (SSL_CTX_use_PrivateKey_file(raw, key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(raw) != 1) {
    return fail("private key can't be used: " + tls_reason(), key_file);
  }
  return context;
}

ServerCertificate::ServerCertificate(std::string certificate_file, std::string key_file,
                                     std::function<void(std::string_view)> log)
    : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)), log_(std::move(log)) {}

Result<void> ServerCertificate::load() {
  // What is remembered is read first: a change in between is then seen as one.
  const auto certificate = read_file(certificate_file_, kMaxPem);
  if (!certificate) return tl::unexpected(certificate.error());
  const auto key = read_file(key_file_, kMaxPem);
  if (!key) return tl::unexpected(key.error());
  const std::string now = sha256_hex(*certificate) + sha256_hex(*key);
  if (now == in_use_) return {};
  auto context = make_server_context(certificate_file_, key_file_);
  if (!context) return tl::unexpected(context.error());
  in_use_ = now;
  const MutexLock lock(mutex_);
  context_ = std::move(*context);
  return {};
}

SslContext ServerCertificate::context() {
  const MutexLock lock(mutex_);
  return context_;
}

void ServerCertificate::refresh() {
  const std::string before = in_use_;
  const auto loaded = load();
  const std::string text =
      loaded ? std::string() : loaded.error().to_string() + "; the certificate in use stays";
  if (log_ && before != in_use_) log_("certificate loaded anew from " + certificate_file_);
  if (log_ && text != said_ && !text.empty()) log_(text);
  said_ = text;
}

}  // namespace edp::http
