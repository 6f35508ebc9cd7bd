#include "common/audit/journal.h"

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
  std::vector<Act> acts = take_owed();
  acts.push_back(act);
  auto numbers = log_.write(acts);
  if (numbers) return numbers->back();
  acts.pop_back();
  owe(std::move(acts));
  return tl::unexpected(numbers.error());
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
