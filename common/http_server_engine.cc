#include "common/http_server_engine.h"

// The whole of cpp-httplib, once more: under a name of its own, because its limits are macros and those of
// the client (http_protocol.cc) are others; with one name both files would define the same functions
// differently. Bearer tokens of people with many groups need long header lines.
#define httplib httplib_of_server
#define CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_USE_POLL
#define CPPHTTPLIB_MAX_LINE_LENGTH 16384
#define CPPHTTPLIB_HEADER_MAX_LENGTH 16384
#define CPPHTTPLIB_HEADER_MAX_COUNT 64
#define CPPHTTPLIB_REQUEST_URI_MAX_LENGTH 4096
#define CPPHTTPLIB_RECV_BUFSIZ size_t(16384u)
#include <httplib.h>

#include <algorithm>
#include <array>

namespace edp::http {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLastWord{1000};  // for an error, where the request's own time is over

// What the library adds to a request's headers by itself.
constexpr std::array<std::string_view, 4> kOwnHeaders = {"REMOTE_ADDR", "REMOTE_PORT", "LOCAL_ADDR",
                                                         "LOCAL_PORT"};

class ChannelStream final : public httplib::Stream {
 public:
  explicit ChannelStream(Channel& channel) : channel_(channel) {}
  [[nodiscard]] bool is_readable() const override { return true; }
  [[nodiscard]] bool is_writable() const override { return true; }  // write() itself waits
  ssize_t read(char* into, size_t size) override { return channel_.read(into, size); }
  ssize_t write(const char* from, size_t size) override { return channel_.write(from, size); }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = channel_.peer();
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  [[nodiscard]] socket_t socket() const override { return channel_.fd(); }

 private:
  Channel& channel_;
};

// The request that this thread serves; the library's handlers have no other way to know.
struct Current {
  Channel& channel;
  ChannelStream stream;
  const CancelToken& cancel;
  Clock::time_point began;
  bool last = false;
  bool routed = false;  // a handler has been asked
  bool expects_continue = false;
  bool body_left = false;  // bytes of this request may still come
};
thread_local Current* current = nullptr;

bool has_token(const std::string& list, std::string_view token) {
  std::string lower(list);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower.find(token) != std::string::npos;
}

bool printable(const std::string& value) {
  return std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// Why a request's framing can't be trusted; empty where it can. Two readings of one request are how requests
// are smuggled past a proxy.
std::string_view framing_fault(const httplib::Request& request) {
  const size_t lengths = request.get_header_value_count("Content-Length");
  const size_t codings = request.get_header_value_count("Transfer-Encoding");
  if (lengths > 1) return "more than one Content-Length";
  if (codings > 1) return "more than one Transfer-Encoding";
  if (lengths + codings > 1) return "both Content-Length and Transfer-Encoding";
  if (codings == 1 && request.version == "HTTP/1.0") return "Transfer-Encoding in HTTP/1.0";
  if (codings == 1 &&
      !httplib::detail::case_ignore::equal(request.get_header_value("Transfer-Encoding"), "chunked")) {
    return "a Transfer-Encoding other than chunked";
  }
  if (lengths == 1) {
    const std::string value = request.get_header_value("Content-Length");
    if (value.empty() || value.size() > 18 || value.find_first_not_of("0123456789") != std::string::npos) {
      return "a Content-Length that is no number";
    }
  }
  return {};
}

class EngineRequest final : public ServerRequest {
 public:
  EngineRequest(const httplib::Request& from, Current& in, std::chrono::milliseconds gap)
      : from_(from), in_(in), gap_(gap) {
    method = from.method;
    const size_t question = from.target.find('?');
    path = from.target.substr(0, question);
    if (question != std::string::npos) query = from.target.substr(question + 1);
    for (const auto& [name, value] : from.headers) {
      if (std::find(kOwnHeaders.begin(), kOwnHeaders.end(), name) == kOwnHeaders.end()) {
        headers.emplace_back(name, value);
      }
    }
    peer = in.channel.peer();
    chunked_ = from.has_header("Transfer-Encoding");
    if (from.has_header("Content-Length")) length_ = from.get_header_value_u64("Content-Length");
    in_.body_left = chunked_ || length_.value_or(0) > 0;
    deadline = in.began;
    cancel = in.cancel;
  }

  [[nodiscard]] std::optional<uint64_t> content_length() const override { return length_; }

  BodyEnd read_body(uint64_t max_bytes, const std::function<bool(std::string_view)>& sink) override {
    if (read_) return BodyEnd::kBroken;
    read_ = true;
    if (!in_.body_left) return BodyEnd::kComplete;
    if (length_.value_or(0) > max_bytes) return BodyEnd::kTooLong;
    in_.channel.limit(gap_, deadline);
    if (in_.expects_continue) {
      in_.expects_continue = false;
      if (!httplib::detail::write_data(in_.stream, "HTTP/1.1 100 Continue\r\n\r\n", 25))
        return BodyEnd::kBroken;
    }
    // Chunks of one byte with long extensions must not keep us reading for ever.
    const uint64_t budget = max_bytes > (UINT64_MAX >> 2U) ? UINT64_MAX : 2 * max_bytes + (64U << 10U);
    in_.channel.set_budget(budget);
    bool refused = false;
    int status = 0;
    httplib::Request framing;  // takes the trailers, which are dropped
    framing.headers = from_.headers;
    const bool whole = httplib::detail::read_content(
        in_.stream, framing, max_bytes, status, nullptr,
        [&](const char* bytes, size_t size, uint64_t, uint64_t) {
          refused = !sink(std::string_view(bytes, size));
          return !refused;
        },
        /*decompress=*/false);
    const bool spent = in_.channel.budget_spent();
    in_.channel.set_budget(UINT64_MAX);
    if (whole) {
      in_.body_left = false;
      return BodyEnd::kComplete;
    }
    if (refused) return BodyEnd::kRefused;
    if (status == 413 || spent) return BodyEnd::kTooLong;
    return in_.channel.timed_out() ? BodyEnd::kTimedOut : BodyEnd::kBroken;
  }

 private:
  const httplib::Request& from_;
  Current& in_;
  const std::chrono::milliseconds gap_;
  std::optional<uint64_t> length_;
  bool chunked_ = false;
  bool read_ = false;
};

void put(httplib::Response& into, Reply&& reply) {
  into.status = reply.status;
  for (auto& [name, value] : reply.headers) {
    if (printable(value)) into.headers.emplace(name, value);
  }
  if (reply.source != nullptr && reply.source->size() > 0) {
    into.set_content_provider(reply.source->size(), reply.content_type,
                              [source = reply.source](size_t offset, size_t length, httplib::DataSink& sink) {
                                std::array<char, 32768> chunk{};
                                const auto count =
                                    source->read(offset, chunk.data(), std::min(length, chunk.size()));
                                return count && *count > 0 && sink.write(chunk.data(), *count);
                              });
  } else if (!reply.body.empty()) {
    into.set_content(std::move(reply.body), reply.content_type);
  }
}

// What to say where the library found fault with a request before anybody else saw it.
Reply early_error(const Channel& channel, int status) {
  if (channel.timed_out()) return error_reply(408, "TimedOut", "the request did not come in time");
  if (channel.budget_spent())
    return error_reply(431, "HeadersTooLarge", "the request's headers are too large");
  if (status == 414) return error_reply(414, "UriTooLong", "the request's path is too long");
  if (status == 416) return error_reply(416, "BadRange", "the range can't be understood");
  return error_reply(400, "BadRequest",
                     "this is no HTTP/1.1 request, or its headers are malformed or too many");
}

}  // namespace

struct Engine::Impl : private httplib::Server {
  Impl(const ServerOptions& options, ServerHandler dispatch)
      : options_(options), dispatch_(std::move(dispatch)) {
    svr_sock_ = 0;  // "not shutting down"; the library never touches it, connections come from elsewhere
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      handle(request, response);
      return HandlerResponse::Handled;
    });
    set_exception_handler(
        [](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
          response = httplib::Response();
          response.version = "HTTP/1.1";
          put(response, error_reply(500, "Internal", "the server failed; its log knows more"));
        });
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (!current->routed) {
        put(response, early_error(current->channel, response.status));
        current->last = true;
        current->channel.limit(kLastWord, Clock::now() + kLastWord);
      }
      return HandlerResponse::Handled;
    });
    set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
      response.headers.erase("Keep-Alive");
      response.headers.erase("Accept-Ranges");
      if (response.status == 304 || response.status == 204) response.headers.erase("Content-Length");
      if (current->body_left || current->last) response.set_header("Connection", "close");
    });
  }

  void handle(const httplib::Request& request, httplib::Response& response) {
    Current& in = *current;
    in.routed = true;
    const auto deadline = in.began + options_.request_timeout;
    in.channel.set_budget(UINT64_MAX);
    in.channel.limit(options_.gap_timeout, deadline);
    if (has_token(request.get_header_value("Connection"), "close")) in.last = true;
    Reply reply;
    EngineRequest view(request, in, options_.gap_timeout);
    view.deadline = deadline;
    const std::string_view fault = framing_fault(request);
    const bool clean = std::all_of(view.headers.begin(), view.headers.end(),
                                   [](const auto& header) { return printable(header.second); });
    if (!fault.empty() || !clean) {
      in.body_left = true;
      reply = error_reply(
          400, "BadRequest",
          fault.empty() ? "a header has control characters" : "the request has " + std::string(fault));
    } else {
      reply = dispatch_(view);
    }
    // The answer has its time even where the handler used up the request's.
    in.channel.limit(options_.gap_timeout, std::max(deadline, Clock::now() + options_.gap_timeout));
    put(response, std::move(reply));
  }

  Next serve(Channel& channel, const CancelToken& cancel, bool last) {
    Current in{channel, ChannelStream(channel), cancel, Clock::now(), last};
    current = &in;
    channel.limit(options_.header_timeout, in.began + options_.header_timeout);
    channel.set_budget(options_.max_header_bytes);
    (void)channel.take_traffic();
    bool closed = false;
    bool served = false;
    try {
      served = process_request(
          in.stream, channel.peer(), 0, "", 0, last, closed, [&in](httplib::Request& request) {
            request.ranges.clear();  // always the whole
            in.expects_continue = has_token(request.get_header_value("Expect"), "100-continue");
            request.headers.erase("Expect");
          });
    } catch (const std::exception&) {
      served = false;  // out of memory, or the library's own
    }
    current = nullptr;
    const auto traffic = channel.take_traffic();
    if (!served && traffic.written == 0 && traffic.read > 0) {
      // Not even a request line; the library says nothing then.
      const Reply reply = early_error(channel, 400);
      channel.limit(kLastWord, Clock::now() + kLastWord);
      const std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " " +
                               httplib::status_message(reply.status) +
                               "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
                               std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body;
      ChannelStream stream(channel);
      return httplib::detail::write_data(stream, text.data(), text.size()) ? Next::kLinger : Next::kClose;
    }
    if (!served) return Next::kClose;
    if (in.body_left || in.last || closed) return Next::kLinger;
    channel.set_budget(UINT64_MAX);
    return Next::kKeep;
  }

  const ServerOptions options_;
  const ServerHandler dispatch_;
};

Engine::Engine(const ServerOptions& options, ServerHandler dispatch)
    : impl_(std::make_unique<Impl>(options, std::move(dispatch))) {}
Engine::~Engine() = default;

Engine::Next Engine::serve(Channel& channel, const CancelToken& cancel, bool last) {
  return impl_->serve(channel, cancel, last);
}

}  // namespace edp::http
