// Whom the light health probe asks, and whom it must not.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "operator/watch/records.h"

namespace edp::probe {

enum class Kind : uint8_t { kTcp, kHttp, kHttps };

struct Target {
  std::string key;  // the pod's uid
  std::string ip;   // status.podIP and nothing else; no name, no proxy
  uint16_t port = 0;
  Kind kind = Kind::kTcp;
  bool host_network = false;
  watch::Symbol path;          // of HTTP; empty: "/"
  watch::Symbol ns, workload;  // labels of the metric
  std::chrono::milliseconds interval{15'000};
  std::chrono::milliseconds timeout{1'000};

  bool operator==(const Target&) const = default;
};

// By the pod's own readiness probe; nothing where the pod has no address or declares no port, is not running,
// or is being deleted. The timeout is the pod's own, at most 5 s.
std::optional<Target> target_of(const watch::PodRecord& pod, watch::Symbol workload,
                                std::chrono::milliseconds interval);

// Why the target may not be asked, else nothing.
using AddressFilter = std::function<std::optional<std::string>(const Target&)>;

// For production: refuses what is no address, loopback, link-local (the metadata services of clouds live
// there), multicast, unspecified, reserved and IPv4-mapped ones; and those of `deny` (the apiserver, nodes),
// except for pods of the host's network, which own the port they declare.
AddressFilter pod_addresses(const std::vector<std::string>& deny = {});

}  // namespace edp::probe
