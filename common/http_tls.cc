#include "common/http_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <utility>
#include <vector>

#include "common/files.h"

namespace edp::http {
namespace {

constexpr uint64_t kMaxPem = uint64_t{4} << 20;

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Store = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;

tl::unexpected<Failure> bad(std::string what, bool with_reason = true) {
  if (const std::string reason = openssl_reason(); with_reason && !reason.empty())
    what += " (" + reason + ")";
  return tl::unexpected(Failure{FailureKind::kLocal, std::move(what)});
}

Bio reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// OpenSSL would ask on the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

tl::expected<std::vector<Certificate>, Failure> certificates(const std::string& pem,
                                                             const std::string& what) {
  std::vector<Certificate> found;
  ERR_clear_error();
  const Bio bio = pem.size() <= kMaxPem ? reader(pem) : nullptr;
  if (!bio) return bad(what + ": too large");
  for (;;) {
    Certificate next(PEM_read_bio_X509_AUX(bio.get(), nullptr, no_passphrase, nullptr));
    if (!next) break;
    found.push_back(std::move(next));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (found.empty() || !at_end) return bad(what + ": no usable PEM certificate in it", !at_end);
  ERR_clear_error();
  return found;
}

tl::expected<void, Failure> trust(SSL_CTX* context, const TlsOptions& options) {
  std::string pem = options.ca_pem;
  std::string what = "CA certificate";
  if (pem.empty()) {
    what = "CA file " + options.ca_file;
    auto file = read_file(options.ca_file, kMaxPem);
    if (!file) {
      std::string why = file.error().what;
      if (const size_t colon = why.rfind(": "); colon != std::string::npos) why = why.substr(colon + 2);
      return bad(what + ": " + why, false);
    }
    pem = std::move(*file);
  }
  auto found = certificates(pem, what);
  if (!found) return tl::unexpected(found.error());
  Store store(X509_STORE_new());
  if (!store) return bad("no memory for certificates");
  for (const Certificate& certificate : *found) {
    if (X509_STORE_add_cert(store.get(), certificate.get()) != 1) return bad(what + ": not usable");
  }
  // As in Go: whatever is in the file is trusted, also an intermediate CA without its root.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_cert_store(context, store.release());
  return {};
}

tl::expected<void, Failure> show(SSL_CTX* context, const TlsOptions& options) {
  if (options.certificate_pem.empty() != options.key_pem.empty())
    return bad("a client certificate needs its key, and a key its certificate", false);
  if (options.certificate_pem.empty()) return {};
  auto chain = certificates(options.certificate_pem, "client certificate");
  if (!chain) return tl::unexpected(chain.error());
  const Bio bio = reader(options.key_pem);
  const Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
  // No reason: nothing of a key's text may come near a message.
  if (!key) return bad("client key: no usable PEM private key in it, or it wants a passphrase", false);
  if (X509_check_private_key(chain->front().get(), key.get()) != 1)
    return bad("client certificate and client key do not belong together", false);
  if (SSL_CTX_use_certificate(context, chain->front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return bad("client certificate: not usable");
  }
  for (size_t i = 1; i < chain->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) != 1)
      return bad("client certificate: its chain is not usable");
  }
  return {};
}

bool expect_host(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* param = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) == 1) return true;
  // An address is not sent as SNI.
  return X509_VERIFY_PARAM_set1_host(param, host.c_str(), host.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

std::string openssl_reason() {
  const unsigned long code = ERR_get_error();  // the oldest one is the cause
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "" : reason;
}

tl::expected<std::shared_ptr<TlsContext>, Failure> TlsContext::make(const TlsOptions& options) {
  ERR_clear_error();
  std::shared_ptr<TlsContext> made(new TlsContext);
  SSL_CTX* context = made->context_ = SSL_CTX_new(TLS_client_method());
  static constexpr unsigned char kProtocols[] = "\x08http/1.1";
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_alpn_protos(context, kProtocols, sizeof kProtocols - 1) != 0) {
    return bad("can't set up TLS");
  }
  // Connections are idle most of the time: they keep no buffers then.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(context, options.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  made->server_name_ = options.server_name;
  made->own_ca_ = !options.ca_pem.empty() || !options.ca_file.empty();
  if (made->own_ca_) {
    if (auto done = trust(context, options); !done) return tl::unexpected(done.error());
  } else if (!options.insecure && SSL_CTX_set_default_verify_paths(context) != 1) {
    return bad("can't load the system's CA certificates");
  }
  if (auto done = show(context, options); !done) return tl::unexpected(done.error());
  return made;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

SSL* TlsContext::open(int socket, const std::string& host) const {
  ERR_clear_error();
  SSL* ssl = SSL_new(context_);
  if (ssl == nullptr) return nullptr;
  if (SSL_set_fd(ssl, socket) != 1 || !expect_host(ssl, server_name_.empty() ? host : server_name_)) {
    SSL_free(ssl);
    return nullptr;
  }
  SSL_set_connect_state(ssl);
  return ssl;
}

tl::expected<std::shared_ptr<TlsContext>, Failure> make_tls(const TlsOptions& options) {
  return TlsContext::make(options);
}

}  // namespace edp::http
