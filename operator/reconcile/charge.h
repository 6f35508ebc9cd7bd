// What a Job and its pod cost against a ResourceQuota, as a vector over the kinds of keys that concern us.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "operator/watch/records.h"

namespace edp::reconcile {

enum Dimension : uint8_t {
  kPods,        // "pods": not ended
  kPodObjects,  // "count/pods": until deleted
  kJobObjects,  // "count/jobs.batch"
  kRequestsCpu,
  kRequestsMemory,
  kLimitsCpu,
  kLimitsMemory,
  kDimensions
};

using Charge = std::array<int64_t, kDimensions>;

// Of the pod; the Job's own is {kJobObjects: 1}, which comes at another time.
Charge pod_charge(const watch::Resources& requests, const watch::Resources& limits);

// "cpu" means "requests.cpu" and "memory" "requests.memory". Nothing for keys that neither Job nor pod
// touches.
std::optional<Dimension> dimension_of(std::string_view key);
std::string_view name_of(Dimension dimension);  // "requests.cpu"

// A figure of that dimension for people: "250m", "256Mi", "3".
std::string show_amount(Dimension dimension, int64_t amount);

}  // namespace edp::reconcile
