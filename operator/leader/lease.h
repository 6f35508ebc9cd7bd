// The Lease object of coordination.k8s.io/v1, as far as an election needs it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace edp::leader {

struct Lease {
  std::string holder;  // empty: nobody
  int64_t duration_seconds = 0;
  int64_t transitions = 0;
  std::string acquired, renewed;  // MicroTime: "2026-01-02T03:04:05.000006Z"
  std::string resource_version;   // of the object it was read from; empty: to be created
  std::string metadata;           // JSON, as read: labels and owners survive our writes; empty: none yet

  // Equal when nothing has happened to the election between two readings.
  [[nodiscard]] bool same_record(const Lease& other) const {
    return holder == other.holder && duration_seconds == other.duration_seconds &&
           transitions == other.transitions && acquired == other.acquired && renewed == other.renewed;
  }
};

Result<Lease> parse_lease(std::string_view json);
// The body of a POST (no resource_version) or PUT.
std::string format_lease(const Lease& lease, std::string_view ns, std::string_view name);

}  // namespace edp::leader
