#include "operator/reconcile/quota_account.h"

#include <algorithm>

namespace edp::reconcile {
namespace {

constexpr std::array<Dimension, 6> kPodDimensions = {kPods,           kPodObjects, kRequestsCpu,
                                                     kRequestsMemory, kLimitsCpu,  kLimitsMemory};

}  // namespace

bool QuotaAccount::update(const watch::QuotaRecord& quota) {
  if (known_ && quota.version != 0 && quota.version < version_) return false;
  std::array<std::optional<int64_t>, kDimensions> hard;
  Charge used{};
  for (const auto& [key, limit] : quota.hard) {
    const auto dimension = dimension_of(key);
    if (!dimension) continue;
    hard[*dimension] = hard[*dimension] ? std::min(*hard[*dimension], limit) : limit;
  }
  for (const auto& [key, amount] : quota.used) {
    const auto dimension = dimension_of(key);
    if (dimension) used[*dimension] = std::max(used[*dimension], amount);
  }
  const bool changed = hard != hard_;
  if (known_ && !changed) {
    Charge rise{};
    for (size_t i = 0; i < rise.size(); ++i) rise[i] = used[i] - used_[i];
    if (hard[kJobObjects] && rise[kJobObjects] > 0) {
      jobs_.credits = std::min(jobs_.open, jobs_.credits + rise[kJobObjects]);
    }
    credit_pods(rise);
  }
  hard_ = hard;
  used_ = used;
  version_ = quota.version;
  known_ = true;
  for (auto at = items_.begin(); at != items_.end();) {
    for (const Part part : {kJobPart, kPodPart}) {
      const Expected& expected = at->second.parts[part];
      if (expected.open && current(expected.version)) close(at->second, part, true);
    }
    erase_if_closed(at++);
  }
  for (auto at = ended_.begin(); at != ended_.end();) {
    at = current(at->second.version) ? release(at) : std::next(at);
  }
  return changed;
}

// Takes the rise apart into charges that are expected, the longest expected first. All of it, or none: what
// remains was someone else's, and then it can't be told how much.
void QuotaAccount::credit_pods(const Charge& rise) {
  const auto fits = [&](const Charge& charge, const Charge& into) {
    bool any = false;
    for (const Dimension d : kPodDimensions) {
      if (!hard_[d]) continue;
      if (charge[d] > into[d]) return false;
      any = any || charge[d] > 0;
    }
    return any;
  };
  Charge rest = rise;
  std::map<Charge, int64_t> credits;
  std::map<uint64_t, const Charge*> by_age;
  for (const auto& [job, item] : items_) {
    if (item.parts[kPodPart].open) by_age.emplace(item.number, &item.pod);
  }
  for (const auto& [number, charge] : by_age) {
    const Kind& kind = pods_[*charge];
    if (credits[*charge] >= kind.pending() || !fits(*charge, rest)) continue;
    for (const Dimension d : kPodDimensions) rest[d] -= (*charge)[d];
    ++credits[*charge];
  }
  for (const Dimension d : kPodDimensions) {
    if (hard_[d] && rest[d] != 0) return;
  }
  for (const auto& [charge, count] : credits) pods_[charge].credits += count;
}

void QuotaAccount::expect(std::string_view job, const Charge& pod) {
  if (items_.contains(job)) return;
  Item item{.number = ++next_number_, .pod = pod};
  for (const Part part : {kJobPart, kPodPart}) ++kind(item, part).open;
  items_.emplace(std::string(job), item);
}

QuotaAccount::Kind& QuotaAccount::kind(const Item& item, Part part) {
  return part == kJobPart ? jobs_ : pods_[item.pod];
}

// A charge that is known to be in the status may have been the one that a rise was credited for: the credit
// goes with it, lest it stand for a charge that is still to come.
void QuotaAccount::close(Item& item, Part part, bool charged) {
  if (!item.parts[part].open) return;
  item.parts[part].open = false;
  Kind& of = kind(item, part);
  --of.open;
  if (charged && of.credits > 0) --of.credits;
  of.credits = std::min(of.credits, of.open);
  if (part == kPodPart && of.open == 0) pods_.erase(item.pod);
}

void QuotaAccount::erase_if_closed(Items::iterator at) {
  if (!at->second.parts[kJobPart].open && !at->second.parts[kPodPart].open) items_.erase(at);
}

void QuotaAccount::seen(std::string_view job, Part part, uint64_t version, int64_t now) {
  const auto found = items_.find(job);
  if (found == items_.end() || !found->second.parts[part].open) return;
  Expected& expected = found->second.parts[part];
  if (expected.version == 0) expected.version = version;
  if (expected.seen_at == 0) expected.seen_at = std::max<int64_t>(now, 1);
  if (current(expected.version)) {
    close(found->second, part, true);
    erase_if_closed(found);
  }
}

void QuotaAccount::settled(std::string_view job, Part part) {
  const auto found = items_.find(job);
  if (found == items_.end()) return;
  close(found->second, part, true);
  erase_if_closed(found);
}

void QuotaAccount::drop(std::string_view job) {
  const auto found = items_.find(job);
  if (found == items_.end()) return;
  for (const Part part : {kJobPart, kPodPart}) close(found->second, part, false);
  items_.erase(found);
}

void QuotaAccount::settle_until(int64_t limit) {
  for (auto at = items_.begin(); at != items_.end();) {
    for (const Part part : {kJobPart, kPodPart}) {
      const Expected& expected = at->second.parts[part];
      if (expected.open && expected.seen_at != 0 && expected.seen_at <= limit) close(at->second, part, true);
    }
    erase_if_closed(at++);
  }
  for (auto at = ended_.begin(); at != ended_.end();) {
    at = at->second.at <= limit ? release(at) : std::next(at);
  }
}

void QuotaAccount::ended(std::string_view job, const Charge& pod, uint64_t version, int64_t now) {
  if (current(version)) return;
  const auto [at, fresh] = ended_.emplace(std::string(job), Ended{.pod = pod, .version = version, .at = now});
  if (!fresh) return;
  for (const Dimension d : {kPodObjects, kJobObjects}) at->second.pod[d] = 0;  // objects outlive their end
  for (size_t i = 0; i < held_.size(); ++i) held_[i] += at->second.pod[i];
}

void QuotaAccount::pod_ended(std::string_view job, uint64_t version) {
  const auto found = ended_.find(job);
  if (found == ended_.end() || version == 0) return;
  Ended& ended = found->second;
  ended.version = ended.version == 0 ? version : std::min(ended.version, version);
  if (current(version)) release(found);
}

QuotaAccount::EndedPods::iterator QuotaAccount::release(EndedPods::iterator at) {
  for (size_t i = 0; i < held_.size(); ++i) held_[i] -= at->second.pod[i];
  return ended_.erase(at);
}

int64_t QuotaAccount::earliest_seen() const {
  int64_t earliest = 0;
  for (const auto& [job, ended] : ended_) {
    if (earliest == 0 || ended.at < earliest) earliest = ended.at;
  }
  for (const auto& [job, item] : items_) {
    for (const Expected& expected : item.parts) {
      if (!expected.open || expected.seen_at == 0) continue;
      if (earliest == 0 || expected.seen_at < earliest) earliest = expected.seen_at;
    }
  }
  return earliest;
}

int64_t QuotaAccount::pending(Dimension dimension) const {
  if (dimension == kJobObjects) return jobs_.pending();
  int64_t sum = 0;
  for (const auto& [charge, of] : pods_) sum += of.pending() * charge[dimension];
  return sum;
}

}  // namespace edp::reconcile
