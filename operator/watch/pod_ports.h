// What a pod's containers say of their ports and readiness probes, gathered while its JSON is read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "operator/watch/records.h"

namespace edp::watch {

// 0 where the value is no port's number.
uint16_t port_number(int64_t value);
uint16_t port_number(std::string_view text);

struct PodPort {
  std::string name;
  uint16_t number = 0;
  bool tcp = true;
};

struct PodProbe {
  enum class Kind : uint8_t { kNone, kHttp, kTcp, kOther };  // kOther: exec, grpc
  Kind kind = Kind::kNone;
  bool https = false, other_host = false;
  uint16_t port = 0;
  std::string port_name, path;
  int64_t timeout = 1, period = 10;
  size_t container = 0;
};

class PodPorts {
 public:
  void add_container() { ports_.emplace_back(); }
  void add_port() {
    if (!ports_.empty()) ports_.back().emplace_back();
  }
  // The port being read; null where there is none.
  PodPort* port() { return ports_.empty() || ports_.back().empty() ? nullptr : &ports_.back().back(); }
  // Of the container added last. The first that EDP can do itself is kept.
  void add_probe(PodProbe probe);

  // Of any container, TCP; 0 where there is none.
  [[nodiscard]] uint16_t named(std::string_view name) const;
  // The probe kept, or a connect to the first port.
  [[nodiscard]] ReadinessProbe readiness() const;

 private:
  [[nodiscard]] uint16_t probe_port() const;

  std::vector<std::vector<PodPort>> ports_;  // of each container
  PodProbe chosen_;
};

}  // namespace edp::watch
