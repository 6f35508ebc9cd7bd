// For tests: a connection to a server on loopback that sends exactly what the test says, with or without TLS.
#pragma once

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>

namespace edp::testing {

class RawClient {
 public:
  // `ca_pem`: with TLS, verified for 127.0.0.1; `max_tls`: the newest version it offers.
  explicit RawClient(uint16_t port, const std::string& ca_pem = "", int max_tls = 0) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (!ca_pem.empty() && connected_) connected_ = secure(ca_pem, max_tls);
  }
  ~RawClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    if (fd_ >= 0) close(fd_);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto size = std::min<size_t>(bytes.size(), 65536);
      const auto sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(size))
                                        : ::send(fd_, bytes.data(), size, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void end_sending() const { shutdown(fd_, SHUT_WR); }
  void reset() {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd_);
    fd_ = -1;
  }

  // Everything until the server ends the connection or `patience` is over.
  std::string read_all(std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    std::string text = std::move(rest_);
    rest_.clear();
    const auto until = std::chrono::steady_clock::now() + patience;
    while (read_some(text, until)) {
    }
    return text;
  }
  // One answer with a Content-Length; "" where it did not come whole. `no_body`: to a HEAD.
  std::string read_answer(bool no_body = false,
                          std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (true) {
      const size_t head = rest_.find("\r\n\r\n");
      if (head != std::string::npos) {
        size_t length = 0;
        const size_t at = rest_.find("Content-Length: ");
        if (at != std::string::npos && at < head && !no_body)
          length = std::strtoull(rest_.c_str() + at + 16, nullptr, 10);
        if (rest_.size() >= head + 4 + length) {
          std::string answer = rest_.substr(0, head + 4 + length);
          rest_.erase(0, answer.size());
          return answer;
        }
      }
      if (!read_some(rest_, until)) return "";
    }
  }
  [[nodiscard]] bool ended() const { return ended_; }  // the server has closed, seen by a read
  [[nodiscard]] std::string peer_certificate() const {
    X509* certificate = ssl_ != nullptr ? SSL_get1_peer_certificate(ssl_) : nullptr;
    if (certificate == nullptr) return "";
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<size_t>(size));
    BIO_free(bio);
    X509_free(certificate);
    return text;
  }

 private:
  bool secure(const std::string& ca_pem, int max_tls) {
    context_ = SSL_CTX_new(TLS_client_method());
    BIO* bio = BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size()));
    X509* ca = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), ca);
    X509_free(ca);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    if (max_tls != 0) {
      SSL_CTX_set_min_proto_version(context_, 0);
      SSL_CTX_set_max_proto_version(context_, max_tls);
      SSL_CTX_set_cipher_list(context_, "DEFAULT:@SECLEVEL=0");
    }
    ssl_ = SSL_new(context_);
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), "127.0.0.1");
    SSL_set_fd(ssl_, fd_);
    const bool ok = SSL_connect(ssl_) == 1;
    ERR_clear_error();
    return ok;
  }
  bool read_some(std::string& into, std::chrono::steady_clock::time_point until) {
    char bytes[16384];
    if (ssl_ == nullptr || SSL_pending(ssl_) == 0) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      pollfd wait{fd_, POLLIN, 0};
      if (left.count() <= 0 || poll(&wait, 1, static_cast<int>(left.count())) <= 0) return false;
    }
    const auto count = ssl_ != nullptr ? SSL_read(ssl_, bytes, sizeof bytes)
                                       : static_cast<int>(recv(fd_, bytes, sizeof bytes, 0));
    if (count <= 0) {
      ended_ = true;
      return false;
    }
    into.append(bytes, static_cast<size_t>(count));
    return true;
  }

  int fd_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  bool connected_ = false, ended_ = false;
  std::string rest_;
};

}  // namespace edp::testing
