#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "common/http_exchange.h"
#include "common/mutex.h"

namespace edp::http {
namespace {

using AddrInfo = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// {list, 0} or {nullptr, EAI_*}.
std::pair<AddrInfo, int> get_addresses(const std::string& host, const char* port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), port, &hints, &list);
  return {AddrInfo(error == 0 ? list : nullptr, &freeaddrinfo), error};
}

struct Lookup {
  Mutex mutex;
  CondVar changed;
  bool done EDP_GUARDED_BY(mutex) = false;
  bool cancelled EDP_GUARDED_BY(mutex) = false;
  std::string error EDP_GUARDED_BY(mutex);
  std::vector<std::string> addresses EDP_GUARDED_BY(mutex);
};

void look_up(const std::string& host, Lookup& lookup) {
  const auto [list, error] = get_addresses(host, nullptr, AI_ADDRCONFIG);
  std::vector<std::string> addresses;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    if (std::find(addresses.begin(), addresses.end(), text) == addresses.end()) addresses.emplace_back(text);
  }
  const MutexLock lock(lookup.mutex);
  lookup.done = true;
  lookup.error = error != 0 ? gai_strerror(error) : addresses.empty() ? "no addresses" : "";
  lookup.addresses = std::move(addresses);
  lookup.changed.notify_all();
}

}  // namespace

tl::expected<std::vector<std::string>, Failure> resolve(const std::string& host,
                                                        std::chrono::steady_clock::time_point deadline,
                                                        const CancelToken& cancel) {
  if (get_addresses(host, nullptr, AI_NUMERICHOST).second == 0) return std::vector<std::string>{host};

  const auto lookup = std::make_shared<Lookup>();
  const auto woken = cancel.on_cancel([lookup] {
    const MutexLock lock(lookup->mutex);
    lookup->cancelled = true;
    lookup->changed.notify_all();
  });
  try {
    std::thread([lookup, host] { look_up(host, *lookup); }).detach();
  } catch (const std::system_error& error) {
    return tl::unexpected(Failure{FailureKind::kLocal, std::string("can't start a thread: ") + error.what()});
  }
  const MutexLock lock(lookup->mutex);
  bool in_time = true;
  while (in_time && !lookup->done && !lookup->cancelled)
    in_time = lookup->changed.wait_until(lookup->mutex, deadline);
  if (lookup->done && lookup->error.empty()) return std::move(lookup->addresses);
  if (lookup->done) {
    return tl::unexpected(
        Failure{FailureKind::kDns, "the host name does not resolve: " + one_line(lookup->error)});
  }
  if (lookup->cancelled) return tl::unexpected(Failure{FailureKind::kCancelled, "cancelled"});
  return tl::unexpected(Failure{FailureKind::kTimeout, "no answer from the name service in time"});
}

std::string explain_no_connection(const std::string& address, uint16_t port) {
  const auto [list, failed] =
      get_addresses(address, std::to_string(port).c_str(), AI_NUMERICHOST | AI_NUMERICSERV);
  if (failed != 0) return gai_strerror(failed);
  const int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return std::generic_category().message(errno);
  int error = connect(fd, list->ai_addr, list->ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd wait{fd, POLLOUT, 0};
    socklen_t size = sizeof error;
    if (poll(&wait, 1, 1000) <= 0) {
      error = ETIMEDOUT;
    } else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
      error = errno;
    }
  }
  close(fd);
  return error == 0 ? "" : std::generic_category().message(error);
}

}  // namespace edp::http
