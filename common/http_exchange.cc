#include "common/http_exchange.h"

// The whole of cpp-httplib, here only. poll() instead of select(): descriptors above 1024 are no error. Lines
// (status, headers, chunk sizes) are cut at 4 KiB: std::regex, which it reads the status line with, recurses
// for each character, and at 8 KiB an unoptimised build under ASan ran out of its 8 MiB of stack.
#define CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_USE_POLL
#define CPPHTTPLIB_MAX_LINE_LENGTH 4096
#define CPPHTTPLIB_RECV_BUFSIZ size_t(65536u)
#include <httplib.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <csignal>
#include <exception>

#include "common/http_watchdog.h"

namespace edp::http {
namespace {

using Clock = std::chrono::steady_clock;

// OpenSSL writes to sockets without MSG_NOSIGNAL. A handler that the program has set is left alone.
void ignore_sigpipe_once() {
  static const bool done = [] {
    struct sigaction current{};
    if (sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
      current.sa_handler = SIG_IGN;
      sigaction(SIGPIPE, &current, nullptr);
    }
    return true;
  }();
  (void)done;
}

// A peer that vanishes without a word is noticed in half a minute, also in the silence of a profile's window.
void set_keepalive(socket_t socket) {
  const auto set = [&](int level, int option, int value) {
    // A socket without the option works as well, only slower to notice.
    (void)setsockopt(socket, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 4);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
}

// OpenSSL checks the name itself: its reason then stands in the verify result like any other.
bool expect_host(SSL_CTX* context, const std::string& host) {
  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) == 1 ||
         X509_VERIFY_PARAM_set1_host(param, host.c_str(), host.size()) == 1;
}

std::string openssl_reason() {
  const unsigned long code = ERR_get_error();  // the oldest one is the cause
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "" : reason;
}

std::unique_ptr<httplib::ClientImpl> make_client(const Exchange& what, Watchdog& watchdog) {
  std::unique_ptr<httplib::ClientImpl> client;
  if (what.url->tls) {
    auto tls = std::make_unique<httplib::SSLClient>(what.url->host, what.url->port);
    if (tls->ssl_context() == nullptr || !expect_host(tls->ssl_context(), what.url->host) ||
        SSL_CTX_set_min_proto_version(tls->ssl_context(), TLS1_2_VERSION) != 1) {
      return nullptr;
    }
    tls->enable_server_certificate_verification(true);
    tls->enable_server_hostname_verification(false);  // done by expect_host
    if (!what.ca_file.empty()) tls->set_ca_cert_path(what.ca_file);
    client = std::move(tls);
  } else {
    client = std::make_unique<httplib::ClientImpl>(what.url->host, what.url->port);
  }
  const auto left = std::max<Clock::duration>(what.deadline - Clock::now(), std::chrono::milliseconds(1));
  client->set_hostname_addr_map({{what.url->host, what.address}});
  client->set_connection_timeout(std::min<Clock::duration>(what.connect_timeout, left));
  // The watchdog is the one that keeps the time; this must only not be shorter.
  client->set_read_timeout(left + std::chrono::seconds(5));
  client->set_write_timeout(left + std::chrono::seconds(5));
  client->set_keep_alive(false);
  client->set_follow_location(false);
  client->set_decompress(false);
  client->set_url_encode(false);
  client->set_socket_options([&watchdog](socket_t socket) {
    set_keepalive(socket);
    watchdog.watch(socket);
  });
  return client;
}

Failure from_tls(const Exchange& what, httplib::Error error, long verify_result) {
  if (error == httplib::Error::SSLLoadingCerts) {
    const std::string reason = openssl_reason();
    return {FailureKind::kLocal, "CA file " + what.ca_file + ": no usable PEM certificate in it" +
                                     (reason.empty() ? "" : " (" + reason + ")")};
  }
  if (error == httplib::Error::SSLServerVerification) {
    const std::string hint = what.ca_file.empty() ? "; name its CA with a CA file, if you trust it" : "";
    return {FailureKind::kTlsUntrusted, std::string("TLS certificate not trusted: ") +
                                            X509_verify_cert_error_string(verify_result) + hint};
  }
  std::string reason = openssl_reason();
  if (reason.empty()) reason = "the connection closed during the handshake";
  if (reason == "wrong version number" || reason == "packet length too long")
    reason += " (is it a plain http server?)";
  return {FailureKind::kTls, "no TLS connection: " + reason};
}

// What cpp-httplib calls an error, with what else is known. `reset`: the last system call met a dead
// connection.
Failure explain(const Exchange& what, httplib::Error error, bool answered, uint64_t bytes, bool reset,
                bool heard) {
  const std::string closed = reset ? "the connection was reset" : "the connection was closed";
  switch (error) {
    case httplib::Error::ConnectionTimeout: {
      const auto ms = std::to_string(what.connect_timeout.count());
      return {FailureKind::kTimeout, "no connection within " + ms + " ms"};
    }
    case httplib::Error::Connection: {
      const std::string why = explain_no_connection(what.address, what.url->port);
      // It can be had, so this one came about and was reset before cpp-httplib looked.
      if (why.empty()) return {FailureKind::kClosed, "the connection was reset as soon as it was made"};
      return {FailureKind::kRefused, "no connection: " + one_line(why)};
    }
    case httplib::Error::Write:
      return {FailureKind::kClosed, closed + " before the request was sent"};
    default:
      break;
  }
  if (answered) {
    return {FailureKind::kClosed, "the answer broke off after " + std::to_string(bytes) +
                                      " bytes: " + closed + (reset ? "" : ", or its framing is malformed")};
  }
  if (reset || what.url->tls || !heard) return {FailureKind::kClosed, closed + " without an answer"};
  return {FailureKind::kProtocol, "no valid HTTP answer: not HTTP, cut short, or with headers above 4 KiB"};
}

}  // namespace

ExchangeResult exchange(const Exchange& what, const CancelToken& cancel) {
  ignore_sigpipe_once();
  ExchangeResult result;
  try {
    Watchdog watchdog(what.deadline, what.cancel_grace, cancel);
    const auto client = make_client(what, watchdog);
    if (!client) {
      result.failure = Failure{FailureKind::kTls, "can't set up TLS for this host: " + openssl_reason()};
      return result;
    }
    httplib::Headers headers{{"User-Agent", "edp-runner"}};
    if (!what.authorization.empty()) headers.emplace("Authorization", what.authorization);
    uint64_t bytes = 0;
    std::optional<Failure> bad_head;
    bool ends_by_closing = false;  // then our own shutdown() looks like a proper end

    const auto on_head = [&](const httplib::Response& response) {
      ResponseHead head{.status = response.status,
                        .content_type = one_line(response.get_header_value("Content-Type")),
                        .location = response.get_header_value("Location"),
                        .content_length = response.get_header_value("Content-Length")};
      result.answered = true;
      const std::string encoding = response.get_header_value("Transfer-Encoding");
      if (response.get_header_value_count("Content-Length") > 1 ||
          (!encoding.empty() && encoding != "chunked") ||
          head.content_length.find_first_not_of("0123456789") != std::string::npos) {
        bad_head =
            Failure{FailureKind::kProtocol, "the answer's headers contradict themselves about its length"};
        return false;
      }
      ends_by_closing = encoding.empty() && head.content_length.empty();
      result.stopped = !what.on_head(head);
      return !result.stopped;
    };
    const auto on_body = [&](const char* data, size_t size) {
      bytes += size;
      result.stopped = !what.on_body({data, size});
      return !result.stopped;
    };

    ERR_clear_error();
    errno = 0;
    const auto answer = client->Get(what.target, headers, on_head, on_body);
    const int last_error = errno;  // shutdown() of a socket that was reset leaves ENOTCONN
    const bool reset = last_error == ECONNRESET || last_error == ENOTCONN || last_error == EPIPE;

    const httplib::Error error = answer.error();
    if (answer && !result.answered)
      (void)on_head(*answer);  // 204: cpp-httplib asks only where a body may come
    result.connected = error != httplib::Error::Connection && error != httplib::Error::ConnectionTimeout;
    if (bad_head) {
      result.failure = bad_head;
    } else if (result.stopped) {
      // As the caller wished.
    } else if (error == httplib::Error::Success &&
               !(ends_by_closing && watchdog.ended() != Watchdog::Cause::kNone)) {
      result.ended_early = watchdog.half_closed();
    } else if (watchdog.ended() == Watchdog::Cause::kDeadline) {
      result.failure = Failure{FailureKind::kTimeout, result.answered    ? "the answer did not end in time"
                                                      : result.connected ? "no answer in time"
                                                                         : "no connection in time"};
    } else if (cancel.cancelled()) {
      result.failure = Failure{FailureKind::kCancelled, "cancelled"};
    } else if (error == httplib::Error::SSLConnection || error == httplib::Error::SSLLoadingCerts ||
               error == httplib::Error::SSLServerVerification) {
      result.failure =
          from_tls(what, error, dynamic_cast<httplib::SSLClient&>(*client).get_openssl_verify_result());
    } else {
      result.failure = explain(what, error, result.answered, bytes, reset, watchdog.heard_a_byte());
    }
  } catch (const std::exception& error) {
    // Out of memory or threads, or a status line that cpp-httplib's parser gave up on.
    result.failure = Failure{FailureKind::kLocal, std::string("the request failed here: ") + error.what()};
  }
  return result;
}

}  // namespace edp::http
