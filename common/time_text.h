// Times as Kubernetes writes them where it wants microseconds.
#pragma once

#include <chrono>
#include <string>

namespace edp {

// "2026-01-02T03:04:05.000006Z"; empty where the year has no four digits.
std::string format_micro_time(std::chrono::sys_time<std::chrono::microseconds> when);

}  // namespace edp
