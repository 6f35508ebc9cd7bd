// What is remembered of a target's probes: the last 24 results in 52 bytes, and what they say together.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>

namespace edp::probe {

class History {
 public:
  static constexpr size_t kSize = 24;
  void add(bool ok, std::chrono::microseconds latency);

  [[nodiscard]] size_t size() const { return count_; }
  // `age` 0 is the latest.
  [[nodiscard]] bool ok(size_t age) const;
  [[nodiscard]] std::chrono::microseconds latency(size_t age) const;  // within 1%

 private:
  std::array<uint16_t, kSize> ring_{};  // top bit: failed; below: the latency
  uint8_t next_ = 0, count_ = 0;
};

struct Summary {
  size_t targets = 0, results = 0, failures = 0;
  std::chrono::microseconds p50{}, p95{}, p99{};  // of the successful ones; 0 without any

  [[nodiscard]] double failure_ratio() const {
    return results == 0 ? 0 : static_cast<double>(failures) / static_cast<double>(results);
  }
};
Summary summarize(std::span<const History* const> group);

}  // namespace edp::probe
