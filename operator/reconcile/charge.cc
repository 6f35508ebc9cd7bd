#include "operator/reconcile/charge.h"

#include <string>
#include <utility>

namespace edp::reconcile {
namespace {

constexpr std::array<std::pair<std::string_view, Dimension>, 9> kKeys = {
    {{"pods", kPods},
     {"count/pods", kPodObjects},
     {"count/jobs.batch", kJobObjects},
     {"requests.cpu", kRequestsCpu},
     {"cpu", kRequestsCpu},
     {"requests.memory", kRequestsMemory},
     {"memory", kRequestsMemory},
     {"limits.cpu", kLimitsCpu},
     {"limits.memory", kLimitsMemory}}};

}  // namespace

Charge pod_charge(const watch::Resources& requests, const watch::Resources& limits) {
  Charge charge{};
  charge[kPods] = 1;
  charge[kPodObjects] = 1;
  charge[kRequestsCpu] = requests.cpu;
  charge[kRequestsMemory] = requests.memory;
  charge[kLimitsCpu] = limits.cpu;
  charge[kLimitsMemory] = limits.memory;
  return charge;
}

std::optional<Dimension> dimension_of(std::string_view key) {
  for (const auto& [name, dimension] : kKeys) {
    if (name == key) return dimension;
  }
  return std::nullopt;
}

std::string_view name_of(Dimension dimension) {
  for (const auto& [name, of] : kKeys) {
    if (of == dimension) return name;
  }
  return {};
}

std::string show_amount(Dimension dimension, int64_t amount) {
  if (dimension == kRequestsCpu || dimension == kLimitsCpu) {
    return amount % 1000 == 0 ? std::to_string(amount / 1000) : std::to_string(amount) + "m";
  }
  if (dimension == kRequestsMemory || dimension == kLimitsMemory) {
    for (const auto& [shift, unit] : {std::pair(30, "Gi"), std::pair(20, "Mi"), std::pair(10, "Ki")}) {
      if (amount != 0 && amount % (int64_t{1} << shift) == 0) {
        return std::to_string(amount >> shift) + unit;
      }
    }
  }
  return std::to_string(amount);
}

}  // namespace edp::reconcile
