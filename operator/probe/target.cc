#include "operator/probe/target.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace edp::probe {
namespace {

constexpr std::chrono::milliseconds kLongestTimeout{5'000};

struct Address {
  bool v6 = false;
  std::array<uint8_t, 16> bytes{};  // of IPv4: the first four
  bool operator==(const Address&) const = default;
};

std::optional<Address> parse(const std::string& text) {
  Address address;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

struct Range {
  const char* name;
  std::array<uint8_t, 16> prefix;
  unsigned bits;
};
constexpr std::array kRefused4{Range{"unspecified", {0}, 8}, Range{"loopback", {127}, 8},
                               Range{"link-local", {169, 254}, 16}, Range{"multicast", {224}, 4},
                               Range{"reserved", {240}, 4}};
constexpr std::array kRefused6{Range{"unspecified or IPv4-compatible", {}, 96},  // ::1, too
                               Range{"IPv4-mapped", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96},
                               Range{"NAT64", {0, 0x64, 0xff, 0x9b}, 32},
                               Range{"6to4", {0x20, 0x02}, 16},
                               Range{"link-local", {0xfe, 0x80}, 10},
                               Range{"site-local", {0xfe, 0xc0}, 10},
                               Range{"multicast", {0xff}, 8}};

bool within(const Address& address, const Range& range) {
  const size_t whole = range.bits / 8;
  if (!std::equal(range.prefix.begin(), range.prefix.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.bytes.begin()))
    return false;
  const unsigned rest = range.bits % 8;
  return rest == 0 || ((address.bytes[whole] ^ range.prefix[whole]) >> (8 - rest)) == 0;
}

template <typename Ranges>
std::optional<std::string> refused_by(const Address& address, const Ranges& ranges) {
  for (const Range& range : ranges) {
    if (within(address, range)) return std::string(range.name) + " address";
  }
  return std::nullopt;
}

}  // namespace

std::optional<Target> target_of(const watch::PodRecord& pod, watch::Symbol workload,
                                std::chrono::milliseconds interval) {
  using Probe = watch::ReadinessProbe::Kind;
  if (pod.ip.empty() || pod.deleting || pod.phase != watch::PodPhase::kRunning) return std::nullopt;
  if (pod.readiness.kind == Probe::kNone || pod.readiness.port == 0) return std::nullopt;
  Target target;
  target.key = pod.uid;
  target.ip = pod.ip;
  target.port = pod.readiness.port;
  target.kind = pod.readiness.kind == Probe::kHttp    ? Kind::kHttp
                : pod.readiness.kind == Probe::kHttps ? Kind::kHttps
                                                      : Kind::kTcp;
  target.path = pod.readiness.path;
  target.ns = pod.ns;
  target.workload = std::move(workload);
  target.interval = interval;
  const std::chrono::milliseconds own = std::chrono::seconds(std::max<int>(pod.readiness.timeout_seconds, 1));
  target.timeout = std::min({own, kLongestTimeout, std::max(interval, std::chrono::milliseconds(100))});
  return target;
}

AddressFilter pod_addresses(const std::vector<std::string>& deny) {
  std::vector<Address> denied;
  for (const auto& text : deny) {
    if (const auto address = parse(text)) denied.push_back(*address);
  }
  return [denied = std::move(denied)](const Target& target) -> std::optional<std::string> {
    const auto address = parse(target.ip);
    if (!address) return "no IP address";
    if (target.port == 0) return "no port";
    if (auto why = address->v6 ? refused_by(*address, kRefused6) : refused_by(*address, kRefused4))
      return why;
    if (!target.host_network && std::find(denied.begin(), denied.end(), *address) != denied.end())
      return "an address that is no pod's";
    return std::nullopt;
  };
}

}  // namespace edp::probe
