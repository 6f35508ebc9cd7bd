// One thread accepts, and watches the connections between requests; workers serve requests. A connection is
// always owned by exactly one of: the loop (parked), the workers' queue, a worker.
#include "common/http_server.h"

#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <list>
#include <system_error>
#include <thread>

#include "common/http_server_engine.h"
#include "common/http_server_listener.h"
#include "common/http_server_routes.h"
#include "common/http_server_tls.h"
#include "common/http_server_workers.h"
#include "common/mutex.h"

namespace edp::http {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kLinger{10'000};
constexpr size_t kDropAtOnce = size_t{256} << 10;  // of one connection that lingers, in one round of the loop
constexpr int kAcceptAtOnce = 64;

// OpenSSL writes to sockets without MSG_NOSIGNAL. A handler that the program has set is left alone.
void ignore_sigpipe() {
  struct sigaction current{};
  if (sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
    current.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &current, nullptr);
  }
}

}  // namespace

struct Server::Impl {
  explicit Impl(ServerOptions with)
      : options(std::move(with)),
        engine(options, [this](ServerRequest& request) { return routes.dispatch(request); }),
        workers(
            {options.workers, options.workers_per_peer, options.max_waiting},
            [this](Connection& connection) { return serve(connection); },
            [this](ConnectionPtr connection) { give_back(std::move(connection)); }) {}

  Result<void> start();
  void stop();
  void wake() const { (void)!::eventfd_write(wake_fd, 1); }

  // On a worker's thread.
  bool serve(Connection& connection);
  void give_back(ConnectionPtr connection);

  // On the loop's thread.
  void run();
  void accept_some();
  void take_returned();
  void visit(std::list<ConnectionPtr>::iterator it, bool ready, Clock::time_point now);
  void submit(ConnectionPtr connection, Clock::time_point now);
  bool make_room();
  [[nodiscard]] size_t open_connections() { return parked.size() + returned_and_busy(); }
  size_t returned_and_busy();

  const ServerOptions options;
  Routes routes;
  std::unique_ptr<ServerCertificate> certificate;
  Engine engine;
  CancelToken cancel;
  std::unique_ptr<Listener> listener;
  int wake_fd = -1;
  std::thread loop;
  std::atomic<bool> stopping{false};
  std::atomic<uint64_t> requests{0}, refused{0};
  std::atomic<size_t> parked_count{0};
  Clock::time_point accept_again;   // after the system had no descriptor left
  std::list<ConnectionPtr> parked;  // of the loop; the one that has been idle longest first
  Mutex mutex;
  std::vector<ConnectionPtr> returned EDP_GUARDED_BY(mutex);
  Workers workers;  // last: its threads use all of the above
};

bool Server::Impl::serve(Connection& connection) {
  Channel& channel = *connection.channel;
  if (certificate != nullptr && !connection.secured) {
    channel.limit(options.header_timeout, Clock::now() + options.header_timeout);
    if (!channel.accept_tls(certificate->context())) return false;
    connection.secured = true;
    return true;  // the loop waits for the request
  }
  ++requests;
  ++connection.served;
  const bool last = connection.served >= options.max_requests || stopping;
  switch (engine.serve(channel, cancel, last)) {
    case Engine::Next::kKeep:
      channel.rest();
      return true;
    case Engine::Next::kLinger:
      channel.end_sending();
      connection.lingering = true;
      return true;
    case Engine::Next::kClose:
      break;
  }
  return false;
}

void Server::Impl::give_back(ConnectionPtr connection) {
  const MutexLock lock(mutex);
  returned.push_back(std::move(connection));
  wake();
}

size_t Server::Impl::returned_and_busy() {
  const auto counts = workers.counts();
  const MutexLock lock(mutex);
  return counts.busy + counts.waiting + returned.size();
}

void Server::Impl::submit(ConnectionPtr connection, Clock::time_point now) {
  connection->until = now + options.gap_timeout;
  if (!workers.add(std::move(connection))) ++refused;
}

void Server::Impl::take_returned() {
  std::vector<ConnectionPtr> back;
  {
    const MutexLock lock(mutex);
    back.swap(returned);
  }
  const auto now = Clock::now();
  for (auto& connection : back) {
    if (connection->lingering) {
      connection->until = now + kLinger;
    } else if (stopping) {
      continue;
    } else if (connection->channel->buffered()) {
      submit(std::move(connection), now);
      continue;
    } else {
      connection->until = now + (connection->served == 0 ? options.header_timeout : options.idle_timeout);
    }
    parked.push_back(std::move(connection));
  }
}

// False: all connections are being served or wait for it.
bool Server::Impl::make_room() {
  if (parked.empty()) return false;
  parked.pop_front();
  ++refused;
  return true;
}

void Server::Impl::accept_some() {
  for (int i = 0; i < kAcceptAtOnce; ++i) {
    auto accepted = listener->accept();
    if (!accepted) {
      if (accepted.error() == EMFILE || accepted.error() == ENFILE || accepted.error() == ENOMEM) {
        (void)make_room();
        accept_again = Clock::now() + std::chrono::milliseconds(50);
      }
      return;
    }
    if (open_connections() >= options.max_connections && !make_room()) {
      ++refused;
      continue;  // closes it
    }
    auto connection = std::make_unique<Connection>();
    connection->channel = std::move(*accepted);
    connection->until = Clock::now() + options.header_timeout;
    parked.push_back(std::move(connection));
  }
}

void Server::Impl::visit(std::list<ConnectionPtr>::iterator it, bool ready, Clock::time_point now) {
  Connection& connection = **it;
  if (connection.lingering) {
    if (connection.until <= now || (ready && !connection.channel->discard(kDropAtOnce))) parked.erase(it);
  } else if (ready) {
    ConnectionPtr taken = std::move(*it);
    parked.erase(it);
    submit(std::move(taken), now);
  } else if (connection.until <= now) {
    parked.erase(it);
  }
}

void Server::Impl::run() {
  std::vector<pollfd> polled;
  std::vector<std::list<ConnectionPtr>::iterator> places;
  auto next_look = Clock::now() + options.certificate_check;
  while (!stopping) {
    take_returned();
    polled.clear();
    places.clear();
    const auto before = Clock::now();
    polled.push_back({wake_fd, POLLIN, 0});
    polled.push_back({before < accept_again ? -1 : listener->fd(), POLLIN, 0});
    for (auto it = parked.begin(); it != parked.end(); ++it) {
      polled.push_back({(*it)->channel->fd(), POLLIN, 0});
      places.push_back(it);
    }
    // Timeouts are seconds; a look four times a second is precise enough.
    const int count = ::poll(polled.data(), polled.size(), before < accept_again ? 50 : 250);
    if (count < 0 && errno != EINTR) continue;
    if ((polled[0].revents & POLLIN) != 0) {
      eventfd_t ignored = 0;
      (void)!::eventfd_read(wake_fd, &ignored);
    }
    const auto now = Clock::now();
    for (size_t i = 0; i < places.size(); ++i) visit(places[i], count > 0 && polled[i + 2].revents != 0, now);
    if (count > 0 && polled[1].revents != 0) accept_some();
    parked_count = parked.size();
    workers.expire(now);
    if (certificate != nullptr && now >= next_look) {
      certificate->refresh();
      next_look = now + options.certificate_check;
    }
  }
}

Result<void> Server::Impl::start() {
  ignore_sigpipe();
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return fail("needs both a certificate and its key, or neither");
  }
  if (!options.certificate_file.empty()) {
    certificate =
        std::make_unique<ServerCertificate>(options.certificate_file, options.key_file, options.log);
    const auto loaded = certificate->load();
    if (!loaded) return tl::unexpected(loaded.error());
  }
  auto bound = Listener::bind(options.address, options.port);
  if (!bound) return tl::unexpected(bound.error());
  wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) return fail("no event descriptor: " + std::generic_category().message(errno));
  listener = std::move(*bound);
  try {
    loop = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    return fail(std::string("no thread: ") + error.what());
  }
  return {};
}

void Server::Impl::stop() {
  if (stopping.exchange(true)) return;
  if (loop.joinable()) {
    wake();
    loop.join();
  }
  const auto deadline = Clock::now() + options.drain_timeout;
  if (listener != nullptr) listener->close();
  // Connections that are between requests end here; those that linger have had their answer sent.
  parked.clear();
  if (!workers.drain(deadline)) cancel.cancel();
  workers.finish();
  take_returned();
  parked.clear();
  if (wake_fd >= 0) ::close(wake_fd);
  wake_fd = -1;
}

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Server::~Server() { stop(); }

void Server::route(std::string method, std::string_view pattern, ServerHandler handler) {
  impl_->routes.add(std::move(method), pattern, std::move(handler));
}

Result<void> Server::start() { return impl_->start(); }

uint16_t Server::port() const { return impl_->listener == nullptr ? 0 : impl_->listener->port(); }

void Server::stop() { impl_->stop(); }

Server::Stats Server::stats() const {
  const auto counts = impl_->workers.counts();
  Stats stats;
  stats.busy = counts.busy;
  stats.waiting = counts.waiting;
  stats.threads = counts.threads;
  stats.connections = impl_->parked_count + counts.busy + counts.waiting;
  stats.requests = impl_->requests;
  stats.refused = impl_->refused;
  return stats;
}

}  // namespace edp::http
