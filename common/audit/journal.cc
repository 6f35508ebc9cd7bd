#include "common/audit/journal.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace edp::audit {
namespace {

// Beyond: their intentions stay without an outcome, which is seen as such.
constexpr size_t kMostOwed = 10'000;

}  // namespace

std::vector<Act> Journal::take_owed() {
  const MutexLock lock(mutex_);
  return std::exchange(owed_, {});
}

void Journal::owe(std::vector<Act> acts) {
  const MutexLock lock(mutex_);
  for (Act& act : acts) {
    if (owed_.size() < kMostOwed) owed_.push_back(std::move(act));
  }
}

Result<uint64_t> Journal::intend(const Act& act) {
  const auto numbers = intend(std::vector<Act>{act});
  if (!numbers) return tl::unexpected(numbers.error());
  return numbers->front();
}

Result<std::vector<uint64_t>> Journal::intend(std::vector<Act> intended) {
  std::vector<Act> acts = take_owed();
  const auto owed = static_cast<std::ptrdiff_t>(acts.size());
  std::ranges::move(intended, std::back_inserter(acts));
  auto numbers = log_.write(acts);
  if (numbers) {
    numbers->erase(numbers->begin(), numbers->begin() + owed);
    return numbers;
  }
  acts.erase(acts.begin() + owed, acts.end());
  owe(std::move(acts));
  return numbers;
}

void Journal::finish(std::vector<Act> outcomes) {
  if (outcomes.empty()) return;
  std::vector<Act> acts = take_owed();
  std::move(outcomes.begin(), outcomes.end(), std::back_inserter(acts));
  if (!log_.write(acts)) owe(std::move(acts));
}

Result<void> Journal::keep_house() {
  if (std::vector<Act> acts = take_owed(); !acts.empty()) {
    if (const auto written = log_.write(acts); !written) {
      owe(std::move(acts));
      return tl::unexpected(written.error());
    }
  }
  return log_.keep_house();
}

}  // namespace edp::audit
