#include "operator/control/app.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "common/files.h"
#include "common/mutex.h"
#include "common/version.h"
#include "operator/act/actor.h"
#include "operator/control/controller.h"
#include "operator/control/report_server.h"
#include "operator/control/settings.h"
#include "operator/control/stored_report.h"
#include "operator/control/watches.h"
#include "operator/kube/client.h"
#include "operator/leader/elector.h"
#include "operator/leader/fence.h"
#include "operator/publish/log.h"
#include "operator/tickets/audited.h"
#include "operator/tickets/worker.h"

namespace edp::control {
namespace {

namespace log = publish::log;
using Steady = std::chrono::steady_clock;

constexpr size_t kInboxCapacity = 512;
constexpr auto kStall = std::chrono::seconds(150);  // of a watch: bookmarks come about every minute
constexpr auto kStuck = std::chrono::seconds(60);   // of the control thread
constexpr auto kMeasure = std::chrono::seconds(5);
constexpr auto kSweep = std::chrono::hours(1);
constexpr auto kDrain = std::chrono::milliseconds(3'000);

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// "edp-operator-abc_10.1.2.3": the lease's holder tells where the leader is.
std::optional<std::string> address_of(const std::string& holder) {
  const size_t at = holder.rfind('_');
  if (at == std::string::npos || at + 1 == holder.size()) return std::nullopt;
  return holder.substr(at + 1);
}

// Counts the calls of every kind.
class CountingApi final : public kube::Api {
 public:
  CountingApi(kube::Api& inner, publish::Metrics& metrics) : inner_(inner), metrics_(metrics) {}
  kube::Answer call(const kube::Call& what, const CancelToken& cancel) override {
    const auto began = Steady::now();
    kube::Answer answer = inner_.call(what, cancel);
    metrics_.api_request(what.method, answer.status,
                         std::chrono::duration<double>(Steady::now() - began).count());
    return answer;
  }
  kube::Answer stream(const kube::Call& what, std::chrono::milliseconds idle, const kube::BodySink& sink,
                      const CancelToken& cancel) override {
    const bool watch = what.path.find("watch=true") != std::string::npos;
    const auto began = Steady::now();
    kube::Answer answer = inner_.stream(what, idle, sink, cancel);
    metrics_.api_request(what.method, answer.status,
                         std::chrono::duration<double>(Steady::now() - began).count(), watch, !watch);
    return answer;
  }

 private:
  kube::Api& inner_;
  publish::Metrics& metrics_;
};

class Operator {
 public:
  Operator(const Config& config, const kube::ClusterConfig& cluster, const Identity& identity)
      : config_(config),
        metrics_({.version = std::string(kVersion)}),
        client_(kube::connect(
            cluster,
            {.user_agent = "edp-operator/" + std::string(kVersion) + " " + identity.pod, .connections = 6})),
        api_(*client_, metrics_),
        inbox_(kInboxCapacity),
        holder_name_(identity.pod + "_" + identity.address) {}

  Result<void> run(const CancelToken& stop) {
    if (auto began = begin(); !began) return began;
    const auto closed = stop.on_cancel([this] { inbox_.close(); });
    control();
    log::info("stopping", {});
    end();
    return {};
  }

 private:
  Result<void> begin();
  Result<void> begin_electing();
  Result<void> begin_audit();
  void control();
  void watch_health();
  void measure();
  void end();
  void load_reports_ca();
  Result<void> begin_tickets();

  const Config config_;
  publish::Metrics metrics_;
  publish::Health health_;
  std::unique_ptr<kube::Api> client_;
  CountingApi api_;
  Inbox inbox_;
  Directory directory_;
  const std::string holder_name_;

  std::unique_ptr<audit::Log> audit_log_;
  std::unique_ptr<audit::Journal> journal_;

  leader::SystemClock clock_;
  std::unique_ptr<leader::Elector> elector_;
  std::unique_ptr<leader::Fence> fence_;
  Mutex holder_mutex_;
  std::string holder_ EDP_GUARDED_BY(holder_mutex_);

  std::unique_ptr<act::Actor> actor_;
  std::unique_ptr<probe::Prober> prober_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<Watches> watches_;
  std::unique_ptr<Servers> servers_;
  const CancelToken tickets_stop_;
  std::unique_ptr<tickets::Worker> tickets_;

  publish::Health::Heartbeat* beat_ = nullptr;
  publish::Health::Gate* gate_ = nullptr;
  std::vector<std::pair<std::string_view, publish::Health::Heartbeat*>> watch_beats_;
  std::vector<watch::Health> watch_told_;

  const CancelToken sweep_cancel_;
  std::thread sweeper_;
};

Result<void> Operator::begin_electing() {
  leader::ElectionOptions options{.ns = config_.ns,
                                  .name = config_.lease,
                                  .identity = holder_name_,
                                  .lease_duration = config_.lease_duration,
                                  .renew_deadline = config_.renew_deadline,
                                  .retry_period = config_.retry_period};
  if (const auto good = options.check(); !good) return good;
  auto& beat = health_.heartbeat("leader-election",
                                 std::chrono::duration_cast<Steady::duration>(3 * config_.lease_duration));
  leader::ElectorCallbacks callbacks{
      .on_started =
          [this] {
            log::info("leading", {});
            metrics_.set_leader(config_.lease, true);
            inbox_.push(LeadershipChanged{true});
          },
      .on_stopped =
          [this](const std::string& why) {
            log::warning("not leading any more", {{"why", why}});
            metrics_.set_leader(config_.lease, false);
            inbox_.push(LeadershipChanged{false});
          },
      .on_holder =
          [this](const std::string& holder) {
            const MutexLock lock(holder_mutex_);
            holder_ = holder;
          },
      .on_trouble = [](const std::string& note) { log::warning("leader election", {{"problem", note}}); },
      .on_step = [&beat] { beat.beat(); }};
  metrics_.set_leader(config_.lease, false);
  elector_ = std::make_unique<leader::Elector>(api_, options, clock_, std::move(callbacks));
  fence_ = std::make_unique<leader::Fence>(api_, elector_->tenure(), clock_);
  return {};
}

// A stream of this replica's own: pods share a volume, never a chain.
Result<void> Operator::begin_audit() {
  if (!config_.audits()) return {};
  const std::string pod = holder_name_.substr(0, holder_name_.rfind('_'));
  std::string path;
  if (!config_.audit_folder.empty()) {
    std::error_code error;
    std::filesystem::create_directories(config_.audit_folder, error);
    if (error) return fail("cannot be made: " + error.message(), config_.audit_folder);
    path = config_.audit_folder + "/" + pod + ".jsonl";
  }
  auto opened =
      audit::Log::open({.path = path,
                        .copy_to = config_.audit_stdout ? STDOUT_FILENO : -1,
                        .key_file = config_.audit_key_file,
                        .writer = "edp-operator " + std::string(kVersion) + " in pod " + pod,
                        .max_bytes = config_.audit_max_bytes,
                        .keep = config_.audit_retention,
                        .on_lines = [this](size_t lines) { metrics_.audit_lines(lines); },
                        .on_failure =
                            [this](const Error& error) {
                              metrics_.audit_failed();
                              log::error("the audit can't be written; what it should tell of is not done",
                                         {{"problem", error.to_string()}});
                            }});
  if (!opened) return tl::unexpected(opened.error());
  audit_log_ = std::move(*opened);
  journal_ = std::make_unique<audit::Journal>(*audit_log_);
  return {};
}

Result<void> Operator::begin() {
  beat_ = &health_.heartbeat("control", kStuck);
  gate_ = &health_.gate("synced", "the first lists are not complete");
  if (const auto electing = begin_electing(); !electing) return electing;
  if (const auto audited = begin_audit(); !audited) return audited;
  actor_ = std::make_unique<act::Actor>(
      *fence_, act::ActorOptions{
                   .threads = 4, .journal = journal_.get(), .on_outcome = [this](act::Outcome&& outcome) {
                     inbox_.push(std::move(outcome));
                   }});
  if (config_.probe) {
    auto prober = probe::Prober::start(
        {.max_sockets = static_cast<size_t>(config_.probe_sockets)},
        [this](std::vector<probe::ProbeResult>&& results) { inbox_.push(std::move(results)); });
    if (!prober) return tl::unexpected(prober.error());
    prober_ = std::move(*prober);
  }
  ControllerOptions controlling = controller_options(config_, holder_name_);
  if (config_.tickets.kind != "none") {
    controlling.offer_tickets = [this](tickets::RunEnded run) { return tickets_->offer(std::move(run)); };
  }
  controller_ = std::make_unique<Controller>(
      std::move(controlling), metrics_, directory_,
      [this](act::Task task, bool urgent) { actor_->submit(std::move(task), urgent); },
      [this](std::vector<probe::Target> targets) {
        if (prober_) prober_->set_targets(std::move(targets));
      });
  load_reports_ca();

  ServerHooks hooks{.is_leader = [this] { return elector_->leading(); },
                    .leader = [this]() -> std::optional<serve::LeaderAddress> {
                      const auto reports = parse_address(config_.reports_listen);
                      const MutexLock lock(holder_mutex_);
                      const auto host = address_of(holder_);
                      if (!host || !reports || holder_ == holder_name_) return std::nullopt;
                      return serve::LeaderAddress{.host = *host, .port = reports->port};
                    },
                    .on_alerts = [this](std::vector<serve::Alert> alerts) { inbox_.push(std::move(alerts)); },
                    .journal = journal_.get()};
  auto servers = Servers::start(config_, api_, directory_, metrics_, health_, hooks);
  if (!servers) return tl::unexpected(servers.error());
  servers_ = std::move(*servers);
  if (const auto began = begin_tickets(); !began) return began;

  watches_ = std::make_unique<Watches>(api_, config_.node ? std::string() : config_.ns, config_.ns, inbox_);
  for (const auto& [name, health] : watches_->health()) {
    watch_beats_.emplace_back(name, &health_.heartbeat("watch-" + std::string(name), kStall));
    watch_told_.push_back(health);
  }
  watches_->start();
  elector_->start();
  sweeper_ = std::thread([this] {
    do {
      if (elector_->leading() || config_.store_type == "s3") servers_->sweep(sweep_cancel_);
      if (journal_) (void)journal_->keep_house();
    } while (!sweep_cancel_.sleep_for(kSweep));
  });
  log::info("edp-operator runs", {{"version", kVersion}, {"identity", holder_name_}});
  return {};
}

Result<void> Operator::begin_tickets() {
  if (config_.tickets.kind == "none") return {};
  const auto left = [this] { return fence_->left(); };
  auto tracker = tickets::open_tracker(tracker_options(config_), left, tickets_stop_);
  if (!tracker) return tl::unexpected(tracker.error());
  if (journal_) *tracker = std::make_unique<tickets::AuditedTracker>(std::move(*tracker), *journal_);
  tickets::Outside outside{.leading = [this] { return elector_->leading(); },
                           .report =
                               [this](const tickets::RunEnded& run, const tickets::RunEnded::Target& target) {
                                 return stored_report(servers_->store(), run, target);
                               }};
  tickets_ =
      std::make_unique<tickets::Worker>(worker_options(config_, holder_name_), *fence_, std::move(*tracker),
                                        metrics_, std::move(outside), tickets_stop_);
  tickets_->start();
  return {};
}

void Operator::load_reports_ca() {
  if (config_.reports_ca.empty()) return;
  auto pem = read_file(config_.reports_ca, 64 << 10);
  if (pem) {
    controller_->set_reports_ca(std::move(*pem));
  } else {
    log::warning("the reports' CA can't be read", {{"problem", pem.error().to_string()}});
  }
}

void Operator::watch_health() {
  size_t i = 0;
  for (const auto& [name, health] : watches_->health()) {
    watch::Health& told = watch_told_[i];
    if (health.last_heard != told.last_heard) {
      watch_beats_[i].second->beat();
      metrics_.watch_heard(name);
    }
    metrics_.watch_event(name, health.events - told.events);
    metrics_.watch_restarted(name, health.restarts - told.restarts);
    if (!health.last_error.empty() && health.last_error != told.last_error) {
      log::warning("watch", {{"kind", name}, {"problem", health.last_error}});
    }
    told = health;
    ++i;
  }
}

void Operator::measure() {
  controller_->measure(unix_time());
  servers_->measure();
  load_reports_ca();
}

void Operator::control() {
  auto next_look = Steady::now();
  auto next_measure = Steady::now();
  double due = unix_time();
  while (!inbox_.closed()) {
    const double wait = std::clamp(due - unix_time(), 0.0, 1.0);
    for (Message& message : inbox_.take(Steady::now() + std::chrono::duration_cast<Steady::duration>(
                                                            std::chrono::duration<double>(wait)))) {
      controller_->handle(std::move(message), unix_time());
    }
    due = controller_->work(unix_time());
    if (controller_->synced()) {
      directory_.set_ready();
      gate_->open();
    }
    beat_->beat();
    const auto now = Steady::now();
    if (now >= next_look) {
      next_look = now + std::chrono::seconds(1);
      watch_health();
    }
    if (now >= next_measure) {
      next_measure = now + kMeasure;
      measure();
    }
  }
}

// What is under way may end; then the lease goes back, so that the other replica need not wait for it to run
// out.
void Operator::end() {
  gate_->close("shutting down");
  tickets_stop_.cancel();
  actor_->stop(kDrain);
  if (tickets_) tickets_->join();
  elector_->stop();
  sweep_cancel_.cancel();
  watches_->stop();
  servers_->stop();
  sweeper_.join();
  if (audit_log_) audit_log_->close();
  prober_.reset();
}

}  // namespace

Result<void> run_operator(const Config& config, const kube::ClusterConfig& cluster, const Identity& identity,
                          const CancelToken& stop) {
  Operator program(config, cluster, identity);
  return program.run(stop);
}

}  // namespace edp::control
