#include "operator/reconcile/ledger.h"

#include <tuple>

#include "operator/reconcile/ledger_impl.h"

namespace edp::reconcile {
namespace {

using Part = QuotaAccount::Part;

bool same(const Wish& a, const Wish& b) {
  const auto fields = [](const Wish& w) {
    return std::tie(w.run_ns, w.run_name, w.target_uid, w.node, w.requests.cpu, w.requests.memory,
                    w.limits.cpu, w.limits.memory, w.priority, w.max_parallel, w.per_node, w.charged,
                    w.since);
  };
  return fields(a) == fields(b);
}

}  // namespace

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

}  // namespace edp::reconcile
