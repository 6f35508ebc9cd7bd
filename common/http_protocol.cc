#include "common/http_protocol.h"

// The whole of cpp-httplib, on the client's side here only. poll() instead of select(): descriptors above
// 1024 are no error. Lines (status, headers, chunk sizes) are cut at 4 KiB: std::regex, which it reads the
// status line with, recurses for each character, and at 8 KiB an unoptimised build under ASan ran out of its
// 8 MiB of stack.
#define CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_USE_POLL
#define CPPHTTPLIB_MAX_LINE_LENGTH 4096
#define CPPHTTPLIB_RECV_BUFSIZ size_t(65536u)
#include <httplib.h>

#include <algorithm>
#include <exception>

#include "common/http_url.h"

namespace edp::http {
namespace {

constexpr size_t kMaxHeaderValue = 4096;

using End = Transport::End;

class TransportStream : public httplib::Stream {
 public:
  explicit TransportStream(Transport& transport) : transport_(transport) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* out, size_t size) override { return transport_.read(out, size); }
  // A server that has made up its mind (413, 507) answers and closes while the body is still on its way. What
  // is left then has no reader, but the answer may have come: go on to it.
  ssize_t write(const char* data, size_t size) override {
    if (!gave_up_) {
      const ssize_t sent = transport_.write(data, size);
      if (sent >= 0) return sent;
      const bool closed = transport_.end() == End::kReset || transport_.end() == End::kClosed;
      if (!in_body_ || !closed) return -1;
      gave_up_ = true;
      transport_.forget_end();
    }
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  void get_local_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }

  void body_begins() { in_body_ = true; }
  [[nodiscard]] bool gave_up() const { return gave_up_; }

 private:
  Transport& transport_;
  bool in_body_ = false;
  bool gave_up_ = false;
};

// cpp-httplib's reading and writing of messages, without its sockets, its TLS and its retries.
class Messages : public httplib::ClientImpl {
 public:
  Messages() : ClientImpl("") {
    set_url_encode(false);
    set_decompress(false);
  }
  using ClientImpl::process_request;
};

bool contradicts(const httplib::Response& response, const ResponseHead& head, const std::string& encoding) {
  return response.get_header_value_count("Content-Length") > 1 ||
         (!encoding.empty() && encoding != "chunked") ||
         head.content_length.find_first_not_of("0123456789") != std::string::npos;
}

Failure explain(const Transport& transport, httplib::Error error, bool gave_up,
                const ProtocolResult& result) {
  const End end = transport.end();
  switch (end) {
    case End::kDeadline:
      return {FailureKind::kTimeout,
              result.answered ? "the answer did not end in time" : "no answer in time"};
    case End::kIdle:
      return {FailureKind::kTimeout, "the connection fell silent"};
    case End::kCancelled:
      return {FailureKind::kCancelled, "cancelled"};
    case End::kTls:
      return {FailureKind::kTls, "the TLS connection broke off: " + transport.tls_reason()};
    default:
      break;
  }
  const bool reset = end == End::kReset;
  const std::string closed = reset ? "the connection was reset" : "the connection was closed";
  if (error == httplib::Error::Write || (gave_up && !result.answered))
    return {FailureKind::kClosed, closed + " before the request was sent"};
  if (result.answered) {
    return {FailureKind::kClosed, "the answer broke off after " + std::to_string(result.bytes) +
                                      " bytes: " + closed + (reset ? "" : ", or its framing is malformed")};
  }
  if (reset || transport.received() == 0) return {FailureKind::kClosed, closed + " without an answer"};
  return {FailureKind::kProtocol, "no valid HTTP answer: not HTTP, cut short, or with headers above 4 KiB"};
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

ProtocolResult run(Transport& transport, const RequestLine& line,
                   const std::function<bool(const ResponseHead&)>& on_head, const Sink& on_body) {
  ProtocolResult result;
  TransportStream stream(transport);
  httplib::Request request;
  request.method = line.method;
  request.path = line.target;
  for (const auto& [name, value] : line.headers) request.headers.emplace(name, value);
  if (!line.body.empty()) {
    request.content_length_ = line.body.size();
    request.content_provider_ = [&](size_t offset, size_t length, httplib::DataSink& sink) {
      stream.body_begins();
      return sink.write(line.body.data() + offset, std::min<size_t>(length, 65536));
    };
  }
  std::optional<Failure> bad_head;
  bool ends_by_closing = false;
  request.response_handler = [&](const httplib::Response& response) {
    ResponseHead head{.status = response.status,
                      .content_type = one_line(response.get_header_value("Content-Type")),
                      .location = response.get_header_value("Location"),
                      .content_length = response.get_header_value("Content-Length"),
                      .retry_after = one_line(response.get_header_value("Retry-After"))};
    for (const auto& [name, value] : response.headers)
      head.headers.emplace_back(one_line(name), one_line(value, kMaxHeaderValue));
    result.answered = true;
    const std::string encoding = response.get_header_value("Transfer-Encoding");
    if (contradicts(response, head, encoding)) {
      bad_head =
          Failure{FailureKind::kProtocol, "the answer's headers contradict themselves about its length"};
      return false;
    }
    ends_by_closing = encoding.empty() && head.content_length.empty();
    result.stopped = !on_head(head);
    return !result.stopped;
  };
  request.content_receiver = [&](const char* data, size_t size, uint64_t /*offset*/, uint64_t /*total*/) {
    result.bytes += size;
    result.stopped = !on_body({data, size});
    return !result.stopped;
  };

  Messages messages;
  httplib::Response response;
  auto error = httplib::Error::Success;
  const bool whole = messages.process_request(stream, request, response, !line.keep, error);
  // 204 and HEAD: cpp-httplib asks only where a body may come.
  const bool bodyless = whole && !result.answered;
  if (bodyless) request.response_handler(response);

  if (bad_head) {
    result.failure = bad_head;
  } else if (!result.stopped && !whole) {
    result.failure = explain(transport, error, stream.gave_up(), result);
  }
  result.reusable = whole && !result.failure && !result.stopped && line.keep && !stream.gave_up() &&
                    transport.drained() && !transport.half_closed() && (bodyless || !ends_by_closing) &&
                    response.version == "HTTP/1.1" && response.status >= 200 &&
                    !equal_ignoring_case(response.get_header_value("Connection"), "close");
  return result;
}

}  // namespace

ProtocolResult speak(Transport& transport, const RequestLine& request,
                     const std::function<bool(const ResponseHead&)>& on_head, const Sink& on_body) {
  try {
    return run(transport, request, on_head, on_body);
  } catch (const std::exception& error) {
    // Out of memory, or a status line that cpp-httplib's parser gave up on.
    ProtocolResult result;
    result.failure = Failure{FailureKind::kLocal, std::string("the request failed here: ") + error.what()};
    return result;
  }
}

}  // namespace edp::http
