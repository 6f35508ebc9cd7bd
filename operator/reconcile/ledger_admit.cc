#include <algorithm>

#include "operator/reconcile/ledger_impl.h"

namespace edp::reconcile {

std::optional<std::pair<size_t, Size>> Ledger::Impl::claim(size_t rank, int64_t now) {
  std::optional<std::pair<size_t, Size>> first;
  int64_t since = 0;
  for (size_t r = 0; r <= rank; ++r) {
    for (auto& [size, in_line] : line.sizes(r)) {
      if (in_line.overtaken_since == 0 || in_line.no_claim_until > now) continue;
      const int64_t due = in_line.overtaken_since + options.patience_seconds;
      if (due > now) {
        if (next_patience == 0 || due < next_patience) next_patience = due;
        continue;
      }
      // With nothing of ours there it should fit: strangers hold the room. Let the others go on.
      if (idle_since != 0 && now - idle_since >= options.settle_seconds && !fits_now(size)) {
        in_line.no_claim_until = now + 10 * options.patience_seconds;
        continue;
      }
      if (idle_since != 0) next_patience = idle_since + options.settle_seconds;
      if (!first || in_line.overtaken_since < since) {
        first = {r, size};
        since = in_line.overtaken_since;
      }
    }
  }
  return first;
}

const Waiting* Ledger::Impl::pick(size_t rank, const std::function<bool(const Size&)>& fits) {
  for (;;) {
    const Waiting* waiting = line.next(rank, fits);
    if (waiting == nullptr) return nullptr;
    const auto hold = held_by(waiting->wish);
    if (!hold) return waiting;
    const Wish wish = waiting->wish;
    line.park(wish.job, *hold);
    bring_back(wish);
  }
}

const Waiting* Ledger::Impl::pick_any(int64_t now) {
  for (size_t rank = 0; rank < WishLine::kClasses; ++rank) {
    auto claimed = claim(rank, now);
    for (;;) {
      if (claimed && claimed->first < rank) return nullptr;
      const Waiting* waiting = pick(
          rank, [&](const Size& size) { return (!claimed || size == claimed->second) && fits_now(size); });
      if (waiting != nullptr) return waiting;
      // Whoever had the claim may have been parked.
      auto again = claim(rank, now);
      if (again == claimed) break;
      claimed = std::move(again);
    }
  }
  return nullptr;
}

void Ledger::Impl::drop_abandoned(int64_t now) {
  std::vector<std::string> abandoned;
  for (const auto& [job, slot] : slots) {
    if (slot.state == State::kPlaced && !slot.wanted && now >= slot.placed_at + 4 * options.unseen_seconds) {
      abandoned.push_back(job);
    }
  }
  for (const std::string& job : abandoned) close_slot(job, true);
}

void Ledger::Impl::note_overtaken(const Waiting& by, int64_t now) {
  for (size_t rank = 0; rank <= by.rank; ++rank) {
    for (auto& [size, in_line] : line.sizes(rank)) {
      if (size == by.size && rank == by.rank) {
        in_line.overtaken_since = 0;
      } else if (in_line.overtaken_since == 0 && !fits_now(size)) {
        in_line.overtaken_since = std::max<int64_t>(now, 1);
      }
    }
  }
}

std::vector<Grant> Ledger::Impl::admit(int64_t now) {
  for (auto& [name, account] : quotas) account.settle_until(now - options.settle_seconds);
  drop_abandoned(now);
  if (!slots.empty()) {
    idle_since = 0;
  } else if (idle_since == 0) {
    idle_since = std::max<int64_t>(now, 1);
  }
  next_patience = 0;
  std::vector<Grant> granted;
  while (const Waiting* waiting = pick_any(now)) {
    note_overtaken(*waiting, now);
    const Wish wish = waiting->wish;
    line.served(wish.job);
    line.remove(wish.job);
    open_slot(wish, State::kGranted);
    idle_since = 0;
    bring_back(wish);
    ++grants;
    granted.push_back({wish.job, wish.run_ns, wish.run_name, wish.run_uid, wish.target_uid});
  }
  return granted;
}

}  // namespace edp::reconcile
