#include "operator/reconcile/testing/cluster.h"

#include <algorithm>
#include <utility>

namespace edp::reconcile::testing {

Cluster::Cluster(ClusterOptions options) : options_(std::move(options)), random_(options_.seed) {
  start_operator();
}

void Cluster::at(int64_t when, Then then) { events_.emplace(std::pair(when, number_++), std::move(then)); }

void Cluster::tell(int stream, std::function<void(Ledger&)> what) {
  last_told_[stream] = std::max(last_told_[stream], soon(options_.max_lag));
  at(last_told_[stream], [this, life = life_, what = std::move(what)] {
    if (life == 0 || life != life_) return;
    what(*ledger_);
    admit();
  });
}

void Cluster::tell_quota() {
  watch::QuotaRecord quota{.ns = watch::Symbol("diagnostic-system"), .name = "q", .version = ++version_};
  for (const auto& [key, limit] : options_.hard) {
    quota.hard[key] = limit;
    quota.used[key] = used_[*dimension_of(key)];
  }
  tell(0, [this, quota](Ledger& ledger) { ledger.quota(quota, now_ / 1000); });
}

bool Cluster::over(const Charge& with) const {
  for (const auto& [key, limit] : options_.hard) {
    const Dimension d = *dimension_of(key);
    if (with[d] > 0 && used_[d] + with[d] > limit) return true;
  }
  return false;
}

// The controller writes what its caches know; young pods may be missing there.
void Cluster::recalculate() {
  const bool stale = chance(options_.stale_recalculation);
  Charge sum{};
  for (const auto& [job, pod] : pods_) {
    if (pod.ended || (stale && now_ - pod.created < 1000)) continue;
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += pod.charge[i];
  }
  sum[kJobObjects] = static_cast<int64_t>(jobs_.size());
  if (sum != used_) {
    used_ = sum;
    tell_quota();
  }
  if (stale) at(soon(2000) + 500, [this] { recalculate(); });
}

void Cluster::publish(const Job& job) {
  watch::JobRecord record = job.record;
  record.version = ++version_;
  tell(1, [this, record](Ledger& ledger) {
    ledger.job(record, now_ / 1000);
    if (record.done() && open_.erase(record.name) != 0) ledger.wish(record.run_uid, {});
  });
}

void Cluster::create_job(const Wish& wish) {
  if (jobs_.contains(wish.job)) return;  // 409
  Charge charge{};
  charge[kJobObjects] = 1;
  if (over(charge)) {
    ++rejected;
    return;
  }
  if (options_.hard.contains("count/jobs.batch")) {
    ++used_[kJobObjects];
    tell_quota();
  }
  for (const auto& [name, other] : jobs_) {
    if (!other.record.done() && other.record.target_uid == wish.target_uid) ++twins;
  }
  watch::JobRecord record{.ns = watch::Symbol("diagnostic-system"),
                          .name = wish.job,
                          .uid = "uid-" + wish.job,
                          .run_uid = wish.run_uid,
                          .run_namespace = wish.run_ns,
                          .run_name = wish.run_name,
                          .target_uid = wish.target_uid,
                          .target_node = wish.node,
                          .requests = wish.requests,
                          .limits = wish.limits,
                          .created = now_ / 1000};
  const uint64_t birth = ++version_;
  const Job& job = jobs_[wish.job] = Job{.wish = wish, .record = record, .birth = birth};
  publish(job);
  if (chance(options_.cancel)) {
    at(soon(options_.max_controller_delay), [this, name = wish.job, birth] {
      if (!lives(name, birth) || pods_.contains(name)) return;  // too late
      jobs_.erase(name);
      ++cancelled;
      if (options_.hard.contains("count/jobs.batch"))
        at(soon(options_.max_controller_delay), [this] { recalculate(); });
      tell(1, [this, name](Ledger& ledger) {
        ledger.job_gone("diagnostic-system", name, now_ / 1000);
        if (const auto wished = open_.extract(name)) ledger.wish(wished.mapped().run_uid, {});
      });
    });
  }
  at(soon(options_.max_controller_delay), [this, name = wish.job, birth] { create_pod(name, birth); });
}

bool Cluster::lives(const std::string& job, uint64_t birth) const {
  const auto found = jobs_.find(job);
  return found != jobs_.end() && found->second.birth == birth;
}

void Cluster::create_pod(const std::string& job, uint64_t birth) {
  if (!lives(job, birth)) return;
  const Charge charge = pod_charge(jobs_[job].wish.requests, jobs_[job].wish.limits);
  if (over(charge)) {
    ++rejected;
    at(now_ + 10'000, [this, job, birth] { create_pod(job, birth); });  // the Job controller backs off
    return;
  }
  for (size_t i = 0; i < charge.size(); ++i) used_[i] += charge[i];
  tell_quota();
  Pod& pod = pods_[job] = Pod{.charge = charge, .created = now_, .version = ++version_};
  tell_pod(job, pod);
  const auto running = std::ranges::count_if(pods_, [](const auto& p) { return !p.second.ended; });
  most_running = std::max(most_running, static_cast<size_t>(running));
  at(now_ + options_.min_run + soon(options_.max_run - options_.min_run) - now_,
     [this, job] { end_pod(job); });
}

void Cluster::tell_pod(const std::string& job, const Pod& pod) {
  watch::PodRecord record;
  record.ns = watch::Symbol("diagnostic-system");
  record.version = pod.version;
  record.created = pod.created / 1000;
  record.phase = pod.ended ? watch::PodPhase::kSucceeded : watch::PodPhase::kPending;
  const auto shared = std::make_shared<watch::PodRecord>(std::move(record));
  tell(2, [this, job, shared](Ledger& ledger) { ledger.runner_pod(job, *shared, now_ / 1000); });
}

void Cluster::end_pod(const std::string& job) {
  Pod& pod = pods_[job];
  pod.ended = true;
  pod.version = ++version_;
  tell_pod(job, pod);
  busy += now_ - pod.created;
  at(soon(options_.max_controller_delay), [this] { recalculate(); });
  at(soon(options_.max_controller_delay), [this, job] {
    Job& of = jobs_[job];
    of.record.complete = true;
    of.record.finished = now_ / 1000;
    ++finished;
    publish(of);
    // The Job object goes some time later.
    at(now_ + 3000, [this, job] {
      jobs_.erase(job);
      pods_.erase(job);
      at(soon(options_.max_controller_delay), [this] { recalculate(); });
      tell(1, [this, job](Ledger& ledger) { ledger.job_gone("diagnostic-system", job, now_ / 1000); });
    });
  });
}

void Cluster::wish(const Wish& wish) {
  open_[wish.job] = wish;
  ledger_->wish(wish.run_uid, {wish});
}

void Cluster::admit() {
  for (const Grant& grant : ledger_->admit(now_ / 1000)) {
    order.push_back(grant.job);
    granted_at[grant.job] = now_;
    if (on_grant) on_grant(grant);
    ledger_->placing(grant.job, now_ / 1000);
    at(soon(100), [this, life = life_, wish = open_[grant.job]] {
      // The create may also come through although the operator died.
      if (life == life_ || chance(0.5)) create_job(wish);
    });
  }
}

// What it was told is lost; the lists that it begins with are as they are now.
void Cluster::start_operator() {
  life_ = ++lives_;
  ledger_ = std::make_unique<Ledger>(LedgerOptions{.per_node = 1000});
  std::ranges::fill(last_told_, now_);
  watch::QuotaRecord quota{.ns = watch::Symbol("diagnostic-system"), .name = "q", .version = version_};
  for (const auto& [key, limit] : options_.hard) {
    quota.hard[key] = limit;
    quota.used[key] = used_[*dimension_of(key)];
  }
  if (!options_.hard.empty()) ledger_->quota(quota, now_ / 1000);
  for (const auto& [job, pod] : pods_) {
    watch::PodRecord record;
    record.ns = watch::Symbol("diagnostic-system");
    record.version = version_;
    record.created = pod.created / 1000;
    record.phase = pod.ended ? watch::PodPhase::kSucceeded : watch::PodPhase::kRunning;
    ledger_->runner_pod(job, record, now_ / 1000);
  }
  for (const auto& [name, job] : jobs_) {
    watch::JobRecord record = job.record;
    record.version = version_;
    ledger_->job(record, now_ / 1000);
    if (record.done()) open_.erase(name);
  }
  for (const auto& [job, wish] : open_) ledger_->wish(wish.run_uid, {wish});
}

void Cluster::run(int64_t limit) {
  const int64_t began = now_;
  int64_t tick = now_;
  admit();
  while (!open_.empty() && now_ - began < limit) {
    if (events_.empty() || events_.begin()->first.first > tick) {
      now_ = tick;
      tick += 1000;
      if (chance(options_.crash)) {
        ++crashes;
        life_ = 0;  // deaf and dumb; a create that it has sent may still come through
        at(now_ + 500, [this] { start_operator(); });
        tick = now_ + 1000;
        continue;
      }
      admit();
      // What a run's reconciliation does: a create whose Job is not seen is sent again.
      for (const auto& [name, wish] : open_) {
        if (ledger_->answer(name, now_ / 1000) != Answer::kGranted) continue;
        ledger_->placing(name, now_ / 1000);
        at(soon(100), [this, again = wish] { create_job(again); });
      }
      continue;
    }
    const auto event = events_.extract(events_.begin());
    now_ = std::max(now_, event.key().first);
    event.mapped()();
  }
  elapsed = now_ - began;
}

}  // namespace edp::reconcile::testing
