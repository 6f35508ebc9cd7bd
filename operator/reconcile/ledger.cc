#include "operator/reconcile/ledger.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "operator/reconcile/charge.h"
#include "operator/reconcile/quota_account.h"
#include "operator/reconcile/wish_line.h"

namespace edp::reconcile {
namespace {

using Part = QuotaAccount::Part;

// A Job or pod that is older than this when first told of has long been charged (clocks may differ by some of
// it).
constexpr int64_t kOldSeconds = 60;

bool same(const Wish& a, const Wish& b) {
  const auto fields = [](const Wish& w) {
    return std::tie(w.run_ns, w.run_name, w.target_uid, w.node, w.requests.cpu, w.requests.memory,
                    w.limits.cpu, w.limits.memory, w.priority, w.max_parallel, w.per_node, w.charged,
                    w.since);
  };
  return fields(a) == fields(b);
}

}  // namespace

struct Ledger::Impl {
  enum class State : uint8_t { kGranted, kPlaced, kSeen };
  struct PodSeen {
    uint64_t version = 0;  // at first sight
    int64_t created = 0, seen_at = 0;
  };
  // A Job that is, or may be, unfinished.
  struct Slot {
    Wish wish;
    Charge pod{};
    State state = State::kGranted;
    int64_t placed_at = 0;
    bool resend = false;   // no answer came to its create
    bool wanted = true;    // the run still wishes it
    uint64_t version = 0;  // at which its Job was seen first
    std::optional<PodSeen> runner;
    uint64_t pod_end = 0;  // version at which its pod was seen to have ended
  };

  explicit Impl(LedgerOptions with) : options(std::move(with)) {}

  LedgerOptions options;
  WishLine line;
  std::unordered_map<std::string, Slot> slots;  // by Job
  std::map<std::string, QuotaAccount, std::less<>> quotas;
  std::map<std::string, std::set<std::string>, std::less<>> jobs_by_run;  // waiting and slots
  std::unordered_map<std::string, int32_t> by_node, by_target, by_run;    // slots
  Charge live{};                                                          // of charged slots
  int32_t charged_slots = 0, other_slots = 0;
  uint64_t grants = 0;
  std::map<std::string, PodSeen, std::less<>> early_pods;  // told before their Job
  int64_t next_patience = 0;                               // as found by the last admit()
  int64_t idle_since = 0;                                  // without any slot; 0: not

  // --- slots ---
  static int32_t count(const std::unordered_map<std::string, int32_t>& of, const std::string& key) {
    const auto found = of.find(key);
    return found == of.end() ? 0 : found->second;
  }

  void count_slot(const Slot& slot, int32_t by) {
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

  Slot& open_slot(const Wish& wish, State state) {
    Slot slot{.wish = wish, .pod = pod_charge(wish.requests, wish.limits), .state = state};
    count_slot(slot, 1);
    jobs_by_run[wish.run_uid].insert(wish.job);
    if (wish.charged) {
      for (auto& [name, account] : quotas) account.expect(wish.job, slot.pod);
    }
    return slots.insert_or_assign(wish.job, std::move(slot)).first->second;
  }

  void forget_job(const std::string& run_uid, const std::string& job) {
    const auto of = jobs_by_run.find(run_uid);
    if (of == jobs_by_run.end()) return;
    of->second.erase(job);
    if (of->second.empty()) jobs_by_run.erase(of);
  }

  // Its charges stay expected until they have been seen; `never_made`: there are none.
  void close_slot(std::string_view job, bool never_made) {
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

  // --- holds ---
  [[nodiscard]] int32_t node_limit(const Wish& wish) const {
    return wish.per_node > 0 ? wish.per_node : options.per_node;
  }

  [[nodiscard]] std::optional<Hold> held_by(const Wish& wish) const {
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

  // A place beside `wish` may have become free, or it has left the line to others.
  void bring_back(const Wish& wish) {
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

  // --- quota ---
  [[nodiscard]] static int64_t need(const Size& size, Dimension d) {
    return d == kJobObjects ? 1 : size.pod[d];
  }

  [[nodiscard]] int64_t in_use(const QuotaAccount& account, Dimension d) const {
    return std::max(account.used(d) + account.pending(d), live[d] + account.held(d));
  }

  [[nodiscard]] bool ever_fits(const Size& size) const {
    if (!size.charged) return true;
    for (const auto& [name, account] : quotas) {
      for (uint8_t d = 0; d < kDimensions; ++d) {
        const auto hard = account.hard(Dimension{d});
        if (hard && need(size, Dimension{d}) > *hard) return false;
      }
    }
    return true;
  }

  [[nodiscard]] bool fits_now(const Size& size) const {
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

  static void tell_pod(QuotaAccount& account, std::string_view job, const PodSeen& pod) {
    if (pod.created != 0 && pod.seen_at - pod.created >= kOldSeconds) {
      account.settled(job, Part::kPodPart);
    } else {
      account.seen(job, Part::kPodPart, pod.version, pod.seen_at);
    }
  }

  // --- admission ---
  // The size in this class or above that has been overtaken for too long, if any.
  std::optional<std::pair<size_t, Size>> claim(size_t rank, int64_t now) {
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

  // The next in that class that nothing holds back.
  const Waiting* pick(size_t rank, const std::function<bool(const Size&)>& fits) {
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

  const Waiting* pick_any(int64_t now) {
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

  // Of a run that is gone: no Job appeared, and the create can't be under way any more.
  void drop_abandoned(int64_t now) {
    std::vector<std::string> abandoned;
    for (const auto& [job, slot] : slots) {
      if (slot.state == State::kPlaced && !slot.wanted &&
          now >= slot.placed_at + 4 * options.unseen_seconds) {
        abandoned.push_back(job);
      }
    }
    for (const std::string& job : abandoned) close_slot(job, true);
  }

  void note_overtaken(const Waiting& by, int64_t now) {
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

  std::vector<Grant> admit(int64_t now) {
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

  void withdraw(const std::string& job) {
    const Waiting* waiting = line.find(job);
    if (waiting == nullptr) return;
    const Wish wish = waiting->wish;
    line.remove(job);
    forget_job(wish.run_uid, job);
    bring_back(wish);
  }
};

Ledger::Ledger(LedgerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Ledger::~Ledger() = default;
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;

void Ledger::wish(std::string_view run_uid, std::vector<Wish> wishes) {
  std::set<std::string_view> wanted;
  for (const Wish& wish : wishes) wanted.insert(wish.job);
  if (const auto of = impl_->jobs_by_run.find(run_uid); of != impl_->jobs_by_run.end()) {
    const std::set<std::string> before = of->second;
    for (const std::string& job : before) {
      if (wanted.contains(job)) continue;
      const auto slot = impl_->slots.find(job);
      if (slot == impl_->slots.end()) {
        impl_->withdraw(job);
      } else if (slot->second.state == Impl::State::kGranted) {
        impl_->close_slot(job, true);
      } else {
        slot->second.wanted = false;
      }
    }
  }
  for (Wish& wish : wishes) {
    wish.run_uid = run_uid;
    if (const auto slot = impl_->slots.find(wish.job); slot != impl_->slots.end()) {
      slot->second.wanted = true;
      continue;
    }
    if (const Waiting* waiting = impl_->line.find(wish.job)) {
      if (same(waiting->wish, wish)) continue;
      impl_->withdraw(wish.job);
    }
    const Size size{.pod = pod_charge(wish.requests, wish.limits), .charged = wish.charged};
    impl_->line.add(wish, !impl_->ever_fits(size));
    impl_->jobs_by_run[wish.run_uid].insert(wish.job);
  }
}

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

void Ledger::placing(std::string_view job, int64_t now) {
  const auto slot = impl_->slots.find(std::string(job));
  if (slot == impl_->slots.end() || slot->second.state == Impl::State::kSeen) return;
  slot->second.state = Impl::State::kPlaced;
  slot->second.placed_at = now;
  slot->second.resend = false;
}

void Ledger::answer_lost(std::string_view job) {
  const auto slot = impl_->slots.find(std::string(job));
  if (slot != impl_->slots.end() && slot->second.state == Impl::State::kPlaced) slot->second.resend = true;
}

void Ledger::not_placed(std::string_view job) {
  const auto slot = impl_->slots.find(std::string(job));
  if (slot != impl_->slots.end() && slot->second.state != Impl::State::kSeen) impl_->close_slot(job, true);
}

void Ledger::job(const watch::JobRecord& job, int64_t now) {
  if (job.run_uid.empty()) return;
  const bool charged = job.ns.view() == impl_->options.ns;
  auto slot = impl_->slots.find(job.name);
  if (slot == impl_->slots.end()) {
    const int64_t age = now - (job.done() ? job.finished : job.created);
    if (job.done() && (!charged || age >= impl_->options.settle_seconds)) {
      impl_->early_pods.erase(job.name);
      return;
    }
    impl_->withdraw(job.name);
    const Wish wish{.job = job.name,
                    .run_ns = job.run_namespace,
                    .run_name = job.run_name,
                    .run_uid = job.run_uid,
                    .target_uid = job.target_uid,
                    .node = job.target_node,
                    .requests = job.requests,
                    .limits = job.limits,
                    .charged = charged,
                    .since = job.created};
    impl_->open_slot(wish, Impl::State::kSeen);
    if (age >= kOldSeconds) {
      for (auto& [name, account] : impl_->quotas) account.settled(job.name, Part::kJobPart);
    }
    slot = impl_->slots.find(job.name);
    if (const auto early = impl_->early_pods.find(job.name); early != impl_->early_pods.end()) {
      for (auto& [name, account] : impl_->quotas) Impl::tell_pod(account, job.name, early->second);
      slot->second.runner = early->second;
      impl_->early_pods.erase(early);
    }
  }
  slot->second.state = Impl::State::kSeen;
  if (slot->second.version == 0) slot->second.version = job.version;
  for (auto& [name, account] : impl_->quotas) {
    account.seen(job.name, Part::kJobPart, job.version, now);
    if (job.done()) account.seen(job.name, Part::kPodPart, job.version, now);
  }
  if (!job.done()) return;
  if (charged) {
    for (auto& [name, account] : impl_->quotas) {
      const uint64_t pod_end = slot->second.pod_end;
      account.ended(job.name, slot->second.pod, pod_end != 0 ? pod_end : job.version, now);
    }
  }
  impl_->close_slot(job.name, false);
}

void Ledger::job_gone(std::string_view ns, std::string_view name, int64_t now) {
  const auto slot = impl_->slots.find(std::string(name));
  const bool charged = ns == impl_->options.ns;
  if (slot != impl_->slots.end() && slot->second.wish.charged != charged) return;
  if (charged) {
    for (auto& [quota, account] : impl_->quotas) {
      for (const Part part : {Part::kJobPart, Part::kPodPart}) account.seen(name, part, 0, now);
    }
  }
  impl_->early_pods.erase(std::string(name));
  impl_->close_slot(name, false);
}

void Ledger::runner_pod(std::string_view job, const watch::PodRecord& pod, int64_t now) {
  if (pod.ns.view() != impl_->options.ns) return;
  const Impl::PodSeen seen{.version = pod.version, .created = pod.created, .seen_at = now};
  for (auto& [name, account] : impl_->quotas) Impl::tell_pod(account, job, seen);
  const auto slot = impl_->slots.find(std::string(job));
  if (pod.phase == watch::PodPhase::kSucceeded || pod.phase == watch::PodPhase::kFailed) {
    for (auto& [name, account] : impl_->quotas) account.pod_ended(job, pod.version);
    if (slot != impl_->slots.end() && slot->second.pod_end == 0) slot->second.pod_end = pod.version;
  }
  if (slot == impl_->slots.end()) {
    if (pod.phase == watch::PodPhase::kPending || pod.phase == watch::PodPhase::kRunning) {
      impl_->early_pods.try_emplace(std::string(job), seen);
    }
  } else if (!slot->second.runner) {
    slot->second.runner = seen;
  }
}

void Ledger::quota(const watch::QuotaRecord& quota, int64_t now) {
  const auto [at, fresh] = impl_->quotas.try_emplace(quota.name);
  if (fresh) {
    for (const auto& [job, slot] : impl_->slots) {
      if (!slot.wish.charged) continue;
      at->second.expect(job, slot.pod);
      if (slot.state == Impl::State::kSeen) at->second.seen(job, Part::kJobPart, slot.version, now);
      if (slot.runner) Impl::tell_pod(at->second, job, *slot.runner);
    }
  }
  if (at->second.update(quota) || fresh) {
    impl_->line.sort_out([this](const Size& size) { return impl_->ever_fits(size); });
  }
}

void Ledger::quota_gone(std::string_view name) {
  const auto found = impl_->quotas.find(name);
  if (found == impl_->quotas.end()) return;
  impl_->quotas.erase(found);
  impl_->line.sort_out([this](const Size& size) { return impl_->ever_fits(size); });
}

std::vector<Grant> Ledger::admit(int64_t now) { return impl_->admit(now); }

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
