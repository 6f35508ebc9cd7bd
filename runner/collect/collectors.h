// Inside of collect: how each collector is asked for over HTTP.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runner/collect/collect.h"

namespace edp::collect {

enum class When {
  kStart,   // once, before the window
  kEnd,     // once, after it
  kBoth,    // before and after, and between where CollectorInfo::snapshots says so
  kWindow,  // blocks for the window
  kShort,   // short windows within the window
};

enum class Root {
  kPprof,    // below .../debug/pprof
  kService,  // beside it: /debug/vars, /metrics
};

struct CollectorSpec {
  CollectorInfo info;
  When when = When::kEnd;
  Root root = Root::kPprof;
  std::string_view path;       // "/heap"
  std::string_view query;      // without seconds=
  std::string_view extension;  // ".pb.gz"
  std::string_view media_type;
  bool is_delta = false;
  bool useful_in_part = false;  // its first part can be read when the rest is missing
  uint64_t only_bytes = 0;      // no more than the head is wanted; 0: all
};

const std::vector<CollectorSpec>& collector_specs();

}  // namespace edp::collect
