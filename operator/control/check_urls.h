// `edp-operator --check URL[=STATUS]`: what `helm test` asks of an installation, from a pod that has nothing
// but this program.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/cancel.h"
#include "common/result.h"

namespace edp::control {

struct CheckOptions {
  std::string ca_file;                // PEM, in place of the system's roots; empty: the system's
  std::chrono::seconds patience{60};  // an installation may still be starting
  std::chrono::milliseconds pause{1000};
};

// Asks each URL ("https://host:8443/path", "http://host/path=401") until it answers with its status (200
// where none is given) or the patience for all of them is at an end. The error is the first URL's that did
// not.
Result<void> check_urls(const std::vector<std::string>& urls, const CheckOptions& options,
                        const CancelToken& cancel);

}  // namespace edp::control
