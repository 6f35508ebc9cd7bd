#include <algorithm>

#include "operator/reconcile/ledger_impl.h"

namespace edp::reconcile {

void Ledger::Impl::count_slot(const Slot& slot, int32_t by) {
  const auto change = [&](std::unordered_map<std::string, int32_t>& of, const std::string& key) {
    if (key.empty()) return;
    const auto at = of.try_emplace(key, 0).first;
    at->second += by;
    if (at->second == 0) of.erase(at);
  };
  change(by_node, slot.wish.node.str());
  change(by_target, slot.wish.target_uid);
  change(by_run, slot.wish.run_uid);
  if (!slot.wish.charged) {
    other_slots += by;
    return;
  }
  charged_slots += by;
  for (size_t i = 0; i < live.size(); ++i) live[i] += by * slot.pod[i];
  live[kJobObjects] += by;
}

Ledger::Impl::Slot& Ledger::Impl::open_slot(const Wish& wish, State state) {
  Slot slot{.wish = wish, .pod = pod_charge(wish.requests, wish.limits), .state = state};
  count_slot(slot, 1);
  jobs_by_run[wish.run_uid].insert(wish.job);
  if (wish.charged) {
    for (auto& [name, account] : quotas) account.expect(wish.job, slot.pod);
  }
  return slots.insert_or_assign(wish.job, std::move(slot)).first->second;
}

void Ledger::Impl::forget_job(const std::string& run_uid, const std::string& job) {
  const auto of = jobs_by_run.find(run_uid);
  if (of == jobs_by_run.end()) return;
  of->second.erase(job);
  if (of->second.empty()) jobs_by_run.erase(of);
}

void Ledger::Impl::close_slot(std::string_view job, bool never_made) {
  const auto found = slots.find(std::string(job));
  if (found == slots.end()) return;
  const Slot slot = std::move(found->second);
  slots.erase(found);
  count_slot(slot, -1);
  forget_job(slot.wish.run_uid, slot.wish.job);
  if (never_made) {
    for (auto& [name, account] : quotas) account.drop(job);
  }
  bring_back(slot.wish);
}

void Ledger::Impl::withdraw(const std::string& job) {
  const Waiting* waiting = line.find(job);
  if (waiting == nullptr) return;
  const Wish wish = waiting->wish;
  line.remove(job);
  forget_job(wish.run_uid, job);
  bring_back(wish);
}

int32_t Ledger::Impl::node_limit(const Wish& wish) const {
  return wish.per_node > 0 ? wish.per_node : options.per_node;
}

std::optional<Hold> Ledger::Impl::held_by(const Wish& wish) const {
  if (!wish.target_uid.empty() && count(by_target, wish.target_uid) > 0) {
    return Hold{Hold::Kind::kTarget, wish.target_uid};
  }
  if (count(by_run, wish.run_uid) >= std::max(1, wish.max_parallel))
    return Hold{Hold::Kind::kRun, wish.run_uid};
  if (!wish.node.empty() && count(by_node, wish.node.str()) >= node_limit(wish)) {
    return Hold{Hold::Kind::kNode, wish.node.str()};
  }
  return std::nullopt;
}

void Ledger::Impl::bring_back(const Wish& wish) {
  const auto may = [this](Hold::Kind kind) {
    return [this, kind](const Waiting& one) {
      const auto hold = held_by(one.wish);
      return !hold || hold->kind != kind;
    };
  };
  line.unpark({Hold::Kind::kTarget, wish.target_uid}, may(Hold::Kind::kTarget));
  line.unpark({Hold::Kind::kRun, wish.run_uid}, may(Hold::Kind::kRun));
  line.unpark({Hold::Kind::kNode, wish.node.str()}, may(Hold::Kind::kNode));
}

int64_t Ledger::Impl::need(const Size& size, Dimension d) { return d == kJobObjects ? 1 : size.pod[d]; }

int64_t Ledger::Impl::in_use(const QuotaAccount& account, Dimension d) const {
  return std::max(account.used(d) + account.pending(d), live[d] + account.held(d));
}

bool Ledger::Impl::ever_fits(const Size& size) const {
  if (!size.charged) return true;
  for (const auto& [name, account] : quotas) {
    for (uint8_t d = 0; d < kDimensions; ++d) {
      const auto hard = account.hard(Dimension{d});
      if (hard && need(size, Dimension{d}) > *hard) return false;
    }
  }
  return true;
}

bool Ledger::Impl::fits_now(const Size& size) const {
  if (!size.charged) return other_slots < options.cap_without_quota;
  if (quotas.empty()) return charged_slots < options.cap_without_quota;
  for (const auto& [name, account] : quotas) {
    for (uint8_t d = 0; d < kDimensions; ++d) {
      const auto hard = account.hard(Dimension{d});
      if (!hard) continue;
      const int64_t wanted = need(size, Dimension{d});
      if (wanted > 0 && in_use(account, Dimension{d}) + wanted > *hard) return false;
    }
  }
  return true;
}

void Ledger::Impl::tell_pod(QuotaAccount& account, std::string_view job, const PodSeen& pod) {
  if (pod.created != 0 && pod.seen_at - pod.created >= kOldSeconds) {
    account.settled(job, QuotaAccount::Part::kPodPart);
  } else {
    account.seen(job, QuotaAccount::Part::kPodPart, pod.version, pod.seen_at);
  }
}

}  // namespace edp::reconcile
