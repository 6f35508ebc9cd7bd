#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
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
std::pair<AddrInfo, int> get_addresses(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
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
  const auto [list, error] = get_addresses(host, AI_ADDRCONFIG);
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
  if (get_addresses(host, AI_NUMERICHOST).second == 0) return std::vector<std::string>{host};

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

}  // namespace edp::http
