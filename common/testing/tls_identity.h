// For tests: a certificate authority and server certificates made on the spot.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>

namespace edp::testing {

class TlsIdentity {
 public:
  // `names`: subjectAltName of the server's certificate, "DNS:localhost,IP:127.0.0.1". Valid from now plus
  // `from` to now plus `to` seconds.
  explicit TlsIdentity(const std::string& names = "DNS:localhost,IP:127.0.0.1", long from = -3600,
                       long to = 3600) {
    ca_key_.reset(EVP_EC_gen("P-256"));
    key_.reset(EVP_EC_gen("P-256"));
    static std::atomic<int> count{0};
    const std::string ca_name = "EDP test CA " + std::to_string(++count);
    ca_ = make(ca_name.c_str(), ca_key_.get(), nullptr, "", -3600, 3600);
    certificate_ = make("EDP test server", key_.get(), ca_.get(), names, from, to);
    context_.reset(SSL_CTX_new(TLS_server_method()));
    check(SSL_CTX_use_certificate(context_.get(), certificate_.get()));
    check(SSL_CTX_use_PrivateKey(context_.get(), key_.get()));
  }

  [[nodiscard]] SSL_CTX* context() const { return context_.get(); }
  [[nodiscard]] std::string ca_pem() const { return pem(ca_.get()); }
  [[nodiscard]] std::string certificate_pem() const { return pem(certificate_.get()); }
  [[nodiscard]] std::string key_pem() const { return pem(key_.get()); }

  struct Pair {
    std::string certificate_pem, key_pem;
  };
  // A client's certificate by this CA.
  [[nodiscard]] Pair client(const char* common_name) {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate = make(common_name, key.get(), ca_.get(), "", -3600, 3600);
    return {pem(certificate.get()), pem(key.get())};
  }
  // From now on the server's context takes only clients with a certificate of `ca`.
  void demand_clients_of(const TlsIdentity& ca) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), ca.ca_.get());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }

 private:
  template <auto Free>
  struct Deleter {
    template <typename T>
    void operator()(T* object) const {
      Free(object);
    }
  };
  using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
  using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;

  static void check(int ok) {
    if (ok <= 0) std::abort();
  }
  static std::string take(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<size_t>(size));
    BIO_free(bio);
    return text;
  }
  static std::string pem(X509* certificate) {
    BIO* bio = BIO_new(BIO_s_mem());
    check(PEM_write_bio_X509(bio, certificate));
    return take(bio);
  }
  static std::string pem(EVP_PKEY* key) {
    BIO* bio = BIO_new(BIO_s_mem());
    check(PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr));
    return take(bio);
  }
  static void add(X509* certificate, X509* issuer, int id, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
    check(extension != nullptr ? X509_add_ext(certificate, extension, -1) : 0);
    X509_EXTENSION_free(extension);
  }
  Certificate make(const char* name, EVP_PKEY* key, X509* issuer, const std::string& names, long from,
                   long to) {
    Certificate certificate(X509_new());
    X509* raw = certificate.get();
    X509_set_version(raw, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(raw), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(raw), from);
    X509_gmtime_adj(X509_getm_notAfter(raw), to);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(raw), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(raw, X509_get_subject_name(issuer != nullptr ? issuer : raw));
    X509_set_pubkey(raw, key);
    add(raw, issuer != nullptr ? issuer : raw, NID_basic_constraints,
        issuer != nullptr ? "CA:FALSE" : "critical,CA:TRUE");
    if (!names.empty()) add(raw, issuer, NID_subject_alt_name, names);
    check(X509_sign(raw, ca_key_.get(), EVP_sha256()));
    return certificate;
  }

  long serial_ = 0;
  Key ca_key_, key_;
  Certificate ca_, certificate_;
  std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>> context_;
};

}  // namespace edp::testing
