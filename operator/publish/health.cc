#include "operator/publish/health.h"

#include <limits>
#include <utility>

namespace edp::publish {
namespace {

constexpr Health::Clock::rep kPaused = std::numeric_limits<Health::Clock::rep>::min();

}  // namespace

Health::Heartbeat::Heartbeat(Key, std::string name, Clock::duration limit, const Now& now)
    : name_(std::move(name)), limit_(limit), now_(now), last_(now().time_since_epoch().count()) {}
void Health::Heartbeat::beat() { last_ = now_().time_since_epoch().count(); }
void Health::Heartbeat::pause() { last_ = kPaused; }

Health::Gate::Gate(Key, std::string name, std::string why) : name_(std::move(name)), why_(std::move(why)) {}
void Health::Gate::open() {
  const MutexLock lock(mutex_);
  open_ = true;
}
void Health::Gate::close(std::string why) {
  const MutexLock lock(mutex_);
  open_ = false;
  why_ = std::move(why);
}

Health::Health(Now now) : now_(std::move(now)) {}

Health::Heartbeat& Health::heartbeat(std::string name, Clock::duration limit) {
  const MutexLock lock(mutex_);
  return heartbeats_.emplace_back(Key{}, std::move(name), limit, now_);
}

Health::Gate& Health::gate(std::string name, std::string why_closed) {
  const MutexLock lock(mutex_);
  return gates_.emplace_back(Key{}, std::move(name), std::move(why_closed));
}

Health::Verdict Health::judge(std::string_view endpoint, bool with_gates) const {
  Verdict verdict;
  const auto say = [&](const std::string& name, const std::string& why) {
    verdict.text += why.empty() ? "[+]" + name + " ok\n" : "[-]" + name + " failed: " + why + "\n";
    verdict.ok = verdict.ok && why.empty();
  };
  const MutexLock lock(mutex_);
  const Clock::rep now = now_().time_since_epoch().count();
  for (const Heartbeat& heartbeat : heartbeats_) {
    const Clock::rep last = heartbeat.last_;
    std::string why;
    if (last != kPaused && Clock::duration(now - last) > heartbeat.limit_) {
      const auto age = std::chrono::duration_cast<std::chrono::seconds>(Clock::duration(now - last));
      why = "no sign of life for " + std::to_string(age.count()) + " s";
    }
    say(heartbeat.name_, why);
  }
  if (with_gates) {
    for (Gate& gate : gates_) {
      const MutexLock inner(gate.mutex_);
      say(gate.name_, gate.open_ ? "" : gate.why_.empty() ? "closed" : gate.why_);
    }
  }
  verdict.text += std::string(endpoint) + " check " + (verdict.ok ? "passed" : "failed") + "\n";
  return verdict;
}

Health::Verdict Health::healthz() const { return judge("healthz", false); }
Health::Verdict Health::readyz() const { return judge("readyz", true); }

}  // namespace edp::publish
