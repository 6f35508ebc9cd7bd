// Inside of collect: where below a URL the pprof pages are.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/cancel.h"
#include "common/http.h"

namespace edp::collect {

struct PprofServer {
  std::string prefix;                  // "/base/debug/pprof", no slash at the end
  std::vector<std::string> roots;      // where /debug/vars and /metrics may be: "/base", then ""
  std::optional<uint64_t> goroutines;  // as the index page counts them
};

// Asks the server. `path` is the target URL's: "", "/base", "/base/debug/pprof", "/debug/pprof/heap", ...
tl::expected<PprofServer, http::Failure> discover(const http::Client& client, const std::string& path,
                                                  std::chrono::steady_clock::time_point deadline,
                                                  const CancelToken& cancel);

// The number of goroutines on Go's pprof index page.
std::optional<uint64_t> goroutines_on_index(std::string_view page);

}  // namespace edp::collect
