#include "operator/control/controller.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "operator/publish/log.h"

namespace edp::control {
namespace {

// One look at everything that is ready, so that messages are taken in between.
constexpr int kKeysAtOnce = 200;

bool take_prefix(std::string& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.erase(0, prefix.size());
  return true;
}

}  // namespace

Controller::Controller(ControllerOptions options, publish::Metrics& metrics, Directory& directory,
                       Submit submit, ProbeDesk::SetTargets set_targets)
    : metrics_(metrics),
      queue_metrics_(metrics.queue("edp")),
      world_(listener()),
      events_({.instance = options.identity}),
      office_{world_, queue_, metrics, events_, std::move(submit)},
      runs_(office_, directory, std::move(options.runs), std::move(options.ledger)),
      policies_(office_, std::move(options.system_namespaces)),
      probes_(office_, policies_, std::move(set_targets), options.probe),
      tickets_(world_, std::move(options.offer_tickets)) {
  policies_.on_rollout = [this](const watch::PodRecord& pod, const watch::PolicyRecord& policy) {
    probes_.on_rollout(pod, policy, now_);
  };
}

WorldListener Controller::listener() {
  return {.on_pod =
              [this](const auto* old, const auto* now) {
                runs_.on_pod(old, now, now_);
                policies_.on_pod(old, now, now_);
                probes_.changed();
              },
          .on_job = [this](const auto* old, const auto* now) { runs_.on_job(old, now, now_); },
          .on_run =
              [this](const auto* old, const auto* now) {
                runs_.on_run(old, now, now_);
                tickets_.on_run(old, now);
              },
          .on_profile =
              [this](const auto* old, const auto* now) {
                runs_.on_profile(now != nullptr ? now->name : old->name, now_);
              },
          .on_policy =
              [this](const auto* old, const auto* now) {
                policies_.on_policy(old, now, now_);
                probes_.changed();
              },
          .on_quota = [this](const auto* old, const auto* now) { runs_.on_quota(old, now, now_); }};
}

void Controller::handle(Message&& message, double now) {
  now_ = now;
  std::visit(
      [&](auto& what) {
        using T = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<T, watch::Delta<watch::PodRecord>>) {
          world_.pods.apply(std::move(what));
        } else if constexpr (std::is_same_v<T, watch::Delta<watch::JobRecord>>) {
          world_.jobs.apply(std::move(what));
        } else if constexpr (std::is_same_v<T, watch::Delta<watch::RunRecord>>) {
          world_.runs.apply(std::move(what));
        } else if constexpr (std::is_same_v<T, watch::Delta<watch::ProfileRecord>>) {
          world_.profiles.apply(std::move(what));
        } else if constexpr (std::is_same_v<T, watch::Delta<watch::PolicyRecord>>) {
          world_.policies.apply(std::move(what));
        } else if constexpr (std::is_same_v<T, watch::Delta<watch::QuotaRecord>>) {
          world_.quotas.apply(std::move(what));
        } else if constexpr (std::is_same_v<T, LeadershipChanged>) {
          set_leading(what.leading);
        } else if constexpr (std::is_same_v<T, act::Outcome>) {
          on_outcome(what, now);
        } else if constexpr (std::is_same_v<T, std::vector<probe::ProbeResult>>) {
          probes_.on_results(what, now);
        } else {
          policies_.on_alerts(what, now);
        }
      },
      message);
}

void Controller::set_leading(bool leading) {
  leading_ = leading;
  if (leading || !begun_) return;
  begun_ = false;
  runs_.retire();
  policies_.retire();
  probes_.retire();
  tickets_.retire();
}

// A leader begins once it knows the whole cluster.
void Controller::begin(double now) {
  begun_ = true;
  runs_.lead(now);
  policies_.lead(now);
  probes_.lead(now);
  tickets_.lead();
  publish::log::info(
      "deciding begins",
      {{"pods", world_.pods.size()}, {"runs", world_.runs.size()}, {"jobs", world_.jobs.size()}});
}

void Controller::on_outcome(const act::Outcome& outcome, double now) {
  std::string key = outcome.key;
  if (take_prefix(key, "run/")) {
    runs_.on_outcome(outcome, key, now);
  } else if (take_prefix(key, "policy/")) {
    policies_.on_outcome(outcome, key, now);
  }
}

double Controller::work(double now) {
  now_ = now;
  if (!leading_ || !world_.synced()) return now + 1;
  if (!begun_) begin(now);
  const queue::QueueFigures before = queue_.figures(now);
  bool admitted = true;
  for (int taken = 0; admitted;) {
    while (taken < kKeysAtOnce) {
      auto key = queue_.pop(now);
      if (!key) break;
      ++taken;
      const auto began = std::chrono::steady_clock::now();
      if (take_prefix(*key, "run/")) {
        runs_.reconcile(*key, now);
      } else if (take_prefix(*key, "gone/")) {
        runs_.sweep_gone(*key, now);
      } else if (take_prefix(*key, "policy/")) {
        policies_.reconcile(*key, now);
      }
      queue_metrics_.worked(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    }
    admitted = runs_.admit(now) && taken < kKeysAtOnce;
  }
  tickets_.work();
  const queue::QueueFigures after = queue_.figures(now);
  queue_metrics_.added(after.adds - told_.adds);
  queue_metrics_.retried(after.retries - told_.retries);
  if (after.taken > before.taken) {
    queue_metrics_.waited((after.wait_seconds - before.wait_seconds) /
                          static_cast<double>(after.taken - before.taken));
  }
  queue_metrics_.set_depth(after.depth);
  told_ = after;

  double due = std::min(now + 1, probes_.work(now));
  if (const auto next = queue_.next_due()) due = std::min(due, *next);
  if (const double ledger = runs_.next_due(now); ledger > 0) due = std::min(due, ledger);
  return due;
}

void Controller::measure(double now) {
  metrics_.set_objects("pods", static_cast<int64_t>(world_.pods.size()));
  metrics_.set_objects("jobs", static_cast<int64_t>(world_.jobs.size()));
  metrics_.set_objects("diagnosticruns", static_cast<int64_t>(world_.runs.size()));
  metrics_.set_objects("diagnosticprofiles", static_cast<int64_t>(world_.profiles.size()));
  metrics_.set_objects("diagnosticpolicies", static_cast<int64_t>(world_.policies.size()));
  metrics_.set_objects("resourcequotas", static_cast<int64_t>(world_.quotas.size()));
  if (begun_) runs_.measure(now);
}

}  // namespace edp::control
