#include "operator/leader/elector.h"

#include <random>
#include <thread>
#include <utility>

namespace edp::leader {
namespace {

constexpr std::chrono::milliseconds kReleaseTimeout{2500};

std::function<double()> uniform() {
  return [engine = std::mt19937(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

}  // namespace

struct Elector::Impl {
  const Clock& clock;
  const ElectionOptions options;
  const ElectorCallbacks callbacks;
  Tenure tenure;
  Election election;
  CancelToken cancel;
  std::thread thread;

  Impl(kube::Api& api, ElectionOptions how, const Clock& time, ElectorCallbacks calls)
      : clock(time),
        options(std::move(how)),
        callbacks(std::move(calls)),
        election(api, clock, tenure, options, uniform()) {}

  void run();
};

void Elector::Impl::run() {
  bool led = false;
  std::string holder;
  const auto tell = [](const auto& callback, const auto&... args) {
    if (callback) callback(args...);
  };
  while (!cancel.cancelled()) {
    const Election::Step step = election.step(cancel);
    if (led && !step.leading) tell(callbacks.on_stopped, step.note);
    if (election.holder() != holder) {
      holder = election.holder();
      tell(callbacks.on_holder, holder);
    }
    if (!led && step.leading) tell(callbacks.on_started);
    if (!step.note.empty() && !(led && !step.leading) && !cancel.cancelled())
      tell(callbacks.on_trouble, step.note);
    led = step.leading;
    tell(callbacks.on_step);
    if (clock.sleep(step.pause, cancel)) break;
  }
  tenure.end();
  if (led) tell(callbacks.on_stopped, std::string("stopping"));
  if (options.release_on_stop) election.release(kReleaseTimeout);
}

Elector::Elector(kube::Api& api, ElectionOptions options, const Clock& clock, ElectorCallbacks callbacks)
    : impl_(std::make_unique<Impl>(api, std::move(options), clock, std::move(callbacks))) {}

Elector::~Elector() { stop(); }

void Elector::start() {
  if (!impl_->thread.joinable()) impl_->thread = std::thread([this] { impl_->run(); });
}

void Elector::stop() {
  impl_->cancel.cancel();
  if (impl_->thread.joinable()) impl_->thread.join();
}

const Tenure& Elector::tenure() const { return impl_->tenure; }

bool Elector::leading() const { return impl_->tenure.held(impl_->clock.now()); }

}  // namespace edp::leader
