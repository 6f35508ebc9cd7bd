#include <algorithm>

#include "operator/reconcile/ledger_impl.h"

namespace edp::reconcile {

Answer Ledger::answer(std::string_view job, int64_t now) const {
  if (const auto slot = impl_->slots.find(std::string(job)); slot != impl_->slots.end()) {
    switch (slot->second.state) {
      case Impl::State::kGranted:
        return Answer::kGranted;
      case Impl::State::kPlaced:
        if (slot->second.resend) return Answer::kGranted;
        return now >= slot->second.placed_at + impl_->options.unseen_seconds ? Answer::kGranted
                                                                             : Answer::kPlaced;
      case Impl::State::kSeen:
        return Answer::kPlaced;
    }
  }
  const Waiting* waiting = impl_->line.find(job);
  if (waiting == nullptr) return Answer::kNone;
  return waiting->in_line || waiting->parked ? Answer::kWaiting : Answer::kTooLarge;
}

std::map<std::string, Answer, std::less<>> Ledger::answers(std::string_view run_uid, int64_t now) const {
  std::map<std::string, Answer, std::less<>> answers;
  const auto of = impl_->jobs_by_run.find(run_uid);
  if (of == impl_->jobs_by_run.end()) return answers;
  for (const std::string& job : of->second) answers.emplace(job, answer(job, now));
  return answers;
}

std::string Ledger::why(std::string_view job, int64_t now) const {
  const Waiting* waiting = impl_->line.find(job);
  if (waiting == nullptr) return {};
  if (const auto hold = impl_->held_by(waiting->wish)) {
    switch (hold->kind) {
      case Hold::Kind::kTarget:
        return "another diagnosis of this pod is running";
      case Hold::Kind::kRun:
        return "waits for other targets of this run (maxParallel)";
      case Hold::Kind::kNode:
        return "as many diagnoses as allowed run on node " + hold->name;
    }
  }
  for (const auto& [name, account] : impl_->quotas) {
    if (!waiting->size.charged) break;
    for (uint8_t i = 0; i < kDimensions; ++i) {
      const Dimension d{i};
      const auto hard = account.hard(d);
      if (!hard) continue;
      const int64_t wanted = Impl::need(waiting->size, d);
      const int64_t free = std::max<int64_t>(0, *hard - impl_->in_use(account, d));
      if (wanted <= free) continue;
      const std::string of = std::string(name_of(d)) + " of quota " + name + ": ";
      if (wanted > *hard) {
        return of + show_amount(d, wanted) + " wanted, the limit is " + show_amount(d, *hard);
      }
      return "waits for " + of + show_amount(d, wanted) + " wanted, " + show_amount(d, free) + " of " +
             show_amount(d, *hard) + " free";
    }
  }
  if (!impl_->fits_now(waiting->size)) {
    return "waits for one of " + std::to_string(impl_->options.cap_without_quota) +
           " running diagnoses to end";
  }
  return "waits its turn since " + std::to_string(std::max<int64_t>(0, now - waiting->wish.since)) + " s";
}

int64_t Ledger::next_due(int64_t now) const {
  int64_t due = impl_->next_patience;
  const auto earlier = [&](int64_t at) {
    if (due == 0 || at < due) due = at;
  };
  for (const auto& [name, account] : impl_->quotas) {
    if (const int64_t seen = account.earliest_seen(); seen != 0)
      earlier(seen + impl_->options.settle_seconds);
  }
  return due == 0 ? 0 : std::max(due, now);
}

LedgerFigures Ledger::figures() const {
  LedgerFigures figures{.waiting_critical = impl_->line.count(0),
                        .waiting_manual = impl_->line.count(1),
                        .waiting_periodic = impl_->line.count(2),
                        .unfinished = impl_->slots.size(),
                        .too_large = impl_->line.too_large(),
                        .grants = impl_->grants,
                        .oldest_since = impl_->line.oldest_since()};
  for (const auto& [job, slot] : impl_->slots) figures.granted += slot.state == Impl::State::kSeen ? 0 : 1;
  return figures;
}

std::map<std::string, Ledger::Use> Ledger::use(int64_t) const {
  std::map<std::string, Use> all;
  for (const auto& [name, account] : impl_->quotas) {
    for (uint8_t i = 0; i < kDimensions; ++i) {
      const Dimension d{i};
      const auto hard = account.hard(d);
      if (!hard) continue;
      const Use use{.used = impl_->in_use(account, d), .hard = *hard};
      const auto [at, fresh] = all.try_emplace(std::string(name_of(d)), use);
      if (!fresh && use.hard - use.used < at->second.hard - at->second.used) at->second = use;
    }
  }
  return all;
}

}  // namespace edp::reconcile
