#include "operator/watch/pod_ports.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace edp::watch {

uint16_t port_number(int64_t value) {
  return value > 0 && value <= 65'535 ? static_cast<uint16_t>(value) : uint16_t{0};
}

uint16_t port_number(std::string_view text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && at == end ? port_number(value) : uint16_t{0};
}

void PodPorts::add_probe(PodProbe probe) {
  if (probe.kind == PodProbe::Kind::kNone || ports_.empty()) return;
  probe.container = ports_.size() - 1;
  const auto usable = [](const PodProbe& one) {
    return one.kind == PodProbe::Kind::kHttp || one.kind == PodProbe::Kind::kTcp;
  };
  if (chosen_.kind == PodProbe::Kind::kNone || (!usable(chosen_) && usable(probe)))
    chosen_ = std::move(probe);
}

uint16_t PodPorts::named(std::string_view name) const {
  for (const auto& container : ports_)
    for (const PodPort& port : container)
      if (port.tcp && port.name == name && port.number != 0) return port.number;
  return 0;
}

uint16_t PodPorts::probe_port() const {
  if (chosen_.port_name.empty()) return chosen_.port;
  for (const PodPort& port : ports_[chosen_.container])
    if (port.tcp && port.name == chosen_.port_name) return port.number;
  const uint16_t elsewhere = named(chosen_.port_name);
  return elsewhere != 0 ? elsewhere : port_number(chosen_.port_name);
}

ReadinessProbe PodPorts::readiness() const {
  ReadinessProbe readiness;
  if (chosen_.kind == PodProbe::Kind::kNone) {  // no probe at all: a connect to the first port
    for (const auto& container : ports_)
      for (const PodPort& port : container)
        if (readiness.port == 0 && port.tcp) readiness.port = port.number;
    if (readiness.port != 0) readiness.kind = ReadinessProbe::Kind::kTcp;
    return readiness;
  }
  if (chosen_.kind == PodProbe::Kind::kOther || chosen_.other_host) return readiness;
  readiness.port = probe_port();
  if (readiness.port == 0) return readiness;
  readiness.timeout_seconds = static_cast<uint16_t>(std::clamp<int64_t>(chosen_.timeout, 1, 3600));
  readiness.period_seconds = static_cast<uint16_t>(std::clamp<int64_t>(chosen_.period, 1, 3600));
  if (chosen_.kind == PodProbe::Kind::kTcp) {
    readiness.kind = ReadinessProbe::Kind::kTcp;
  } else {
    readiness.kind = chosen_.https ? ReadinessProbe::Kind::kHttps : ReadinessProbe::Kind::kHttp;
    readiness.path = Symbol(chosen_.path.empty() ? "/" : std::string_view(chosen_.path));
  }
  return readiness;
}

}  // namespace edp::watch
