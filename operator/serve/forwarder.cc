#include "operator/serve/forwarder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "common/http_session.h"
#include "common/mutex.h"
#include "operator/serve/fault.h"
#include "operator/serve/spool.h"

namespace edp::serve {
namespace {

using Clock = std::chrono::steady_clock;
using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kLoopGuard = "X-EDP-Forwarded";
constexpr std::chrono::seconds kPoolAge{60};  // then the CA file is read again
constexpr size_t kConnections = 12;

constexpr std::array<std::string_view, 5> kToLeader = {"Authorization", "X-EDP-Token", "Content-Encoding",
                                                       "X-EDP-Digest", "If-None-Match"};
constexpr std::array<std::string_view, 11> kToClient = {"ETag",
                                                        "Cache-Control",
                                                        "Vary",
                                                        "Referrer-Policy",
                                                        "X-Content-Type-Options",
                                                        "Cross-Origin-Resource-Policy",
                                                        "Retry-After",
                                                        "Content-Security-Policy",
                                                        "Content-Disposition",
                                                        "Allow",
                                                        "WWW-Authenticate"};

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool goes_to_client(std::string_view name) {
  return std::any_of(kToClient.begin(), kToClient.end(),
                     [name](std::string_view one) { return same_name(one, name); });
}

// To a HEAD: what a GET's body would be long.
class LengthOnly final : public http::BodySource {
 public:
  explicit LengthOnly(uint64_t size) : size_(size) {}
  [[nodiscard]] uint64_t size() const override { return size_; }
  Result<size_t> read(uint64_t, char*, size_t) override { return fail("there is only a length"); }

 private:
  const uint64_t size_;
};

}  // namespace

struct Forwarder::Impl {
  explicit Impl(ForwarderOptions with) : options(std::move(with)) {}

  http::Reply forward(http::ServerRequest& request, const Check& check);
  http::Reply ask(http::ServerRequest& request, const LeaderAddress& leader, std::string_view body);
  std::shared_ptr<http::SessionPool> pool_for(const LeaderAddress& leader);
  void forget(const std::shared_ptr<http::SessionPool>& pool);
  void log(const std::string& line) const {
    if (options.log) options.log(line);
  }

  const ForwarderOptions options;
  Mutex mutex;
  std::shared_ptr<http::SessionPool> pool EDP_GUARDED_BY(mutex);
  std::string pool_of EDP_GUARDED_BY(mutex);
  Clock::time_point pool_since EDP_GUARDED_BY(mutex);
};

std::shared_ptr<http::SessionPool> Forwarder::Impl::pool_for(const LeaderAddress& leader) {
  const std::string name = leader.host + " " + std::to_string(leader.port);
  const auto now = Clock::now();
  const MutexLock lock(mutex);
  if (pool == nullptr || pool_of != name || now - pool_since > kPoolAge) {
    http::Peer peer;
    peer.url = {.tls = options.tls, .host = leader.host, .port = leader.port};
    peer.tls = {.ca_file = options.ca_file, .server_name = options.server_name};
    peer.user_agent = "edp-operator";
    pool = std::make_shared<http::SessionPool>(std::move(peer), kConnections);
    pool_of = name;
    pool_since = now;
  }
  return pool;
}

void Forwarder::Impl::forget(const std::shared_ptr<http::SessionPool>& failed) {
  const MutexLock lock(mutex);
  if (pool == failed) pool = nullptr;
}

http::Reply Forwarder::Impl::forward(http::ServerRequest& request, const Check& check) {
  if (!request.header(kLoopGuard).empty()) {
    return to_reply({508, "NotTheLeader", "passed on by a replica that took this one for the leader", {}});
  }
  if (check) {
    if (auto refused = check(request)) return std::move(*refused);
  }
  const auto leader = options.leader ? options.leader() : std::nullopt;
  if (!leader) return to_reply({503, "NoLeader", "there is no leader now; try again", {}});
  if (request.content_length().value_or(0) > options.max_bytes) {
    return http::body_error(http::BodyEnd::kTooLong, options.max_bytes);
  }
  Spool body(options.spool_dir);
  int error = 0;
  const auto end = request.read_body(options.max_bytes, [&](std::string_view bytes) {
    error = body.add(bytes);
    return error == 0;
  });
  if (error != 0) {
    log("a request's body can't be spooled: " +
        system_error(error, "write", options.spool_dir).error.to_string());
    return to_reply({503, "SpoolFull", "this replica has no room to pass the request on; try again", {}});
  }
  if (end != http::BodyEnd::kComplete) return http::body_error(end, options.max_bytes);
  const auto view = body.view();
  if (view.size() != body.size()) {
    return to_reply({503, "SpoolFull", "this replica has no room to pass the request on; try again", {}});
  }
  return ask(request, *leader, view);
}

http::Reply Forwarder::Impl::ask(http::ServerRequest& request, const LeaderAddress& leader,
                                 std::string_view body) {
  http::Message message;
  message.method = request.method;
  message.target = request.query.empty() ? request.path : request.path + "?" + request.query;
  message.body = body;
  message.content_type = request.header("Content-Type");
  message.deadline = request.deadline;
  message.headers.emplace_back(kLoopGuard, "1");
  for (const auto name : kToLeader) {
    if (request.header_count(name) == 1) message.headers.emplace_back(name, request.header(name));
  }
  http::Reply reply;
  uint64_t length = 0;
  Spool answer(options.spool_dir);
  bool fits = true;
  message.on_head = [&](const http::Head& head) {
    reply.status = head.status;
    reply.content_type = head.content_type;
    for (const auto& [name, value] : head.headers) {
      if (same_name(name, "Content-Length")) length = std::strtoull(value.c_str(), nullptr, 10);
      if (goes_to_client(name)) reply.headers.emplace_back(name, value);
    }
    return true;
  };
  message.on_body = [&](std::string_view bytes) {
    fits = answer.size() + bytes.size() <= options.max_bytes + Spool::kInMemory && answer.add(bytes) == 0;
    return fits;
  };
  const auto leader_pool = pool_for(leader);
  const http::Outcome outcome = leader_pool->exchange(message, request.cancel);
  if (outcome.failure || !fits || outcome.status == 0) {
    const std::string why = !fits             ? "its answer can't be spooled"
                            : outcome.failure ? outcome.failure->message
                                              : "it did not answer";
    log("the leader at " + leader.host + " can't be asked: " + why);
    forget(leader_pool);
    return to_reply({503, "LeaderUnreachable", "the leader can't be reached; try again", {}});
  }
  if (request.method == "HEAD") {
    reply.source = std::make_shared<LengthOnly>(length);
  } else if (answer.size() > 0) {
    reply.source = answer.source();
  }
  return reply;
}

Forwarder::Forwarder(ForwarderOptions options) : impl_(std::make_shared<Impl>(std::move(options))) {}
Forwarder::~Forwarder() = default;

http::ServerHandler Forwarder::wrap(http::ServerHandler local, Check check) {
  return [impl = impl_, local = std::move(local), check = std::move(check)](http::ServerRequest& request) {
    if (impl->options.is_leader()) return local(request);
    return impl->forward(request, check);
  };
}

}  // namespace edp::serve
