// Inside of operator/kube: when a server wants to be asked again.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace edp::kube {

// Seconds, or an HTTP date from which `now` is taken; within 0 and an hour. Nothing for what is neither.
std::optional<std::chrono::seconds> parse_retry_after(const std::string& text,
                                                      std::chrono::system_clock::time_point now);

}  // namespace edp::kube
