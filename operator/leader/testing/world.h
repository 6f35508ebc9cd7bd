// For tests: processes that stand for one lease, in simulated time. Each has threads of its own, of which one
// at a time runs, so what happens is the same each time; what is on the wire arrives, whether its sender is
// stopped or not.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "operator/leader/election.h"
#include "operator/leader/fence.h"

namespace edp::leader::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

// One Lease with the apiserver's rules for resourceVersion.
class LeaseServer {
 public:
  kube::Answer serve(const kube::Call& what) {
    const auto answer = [](int status, std::string body) {
      kube::Answer out;
      out.status = status;
      out.body = std::move(body);
      return out;
    };
    if (down) return answer(503, "{}");
    if (what.method == "GET") return object ? answer(200, object->dump()) : answer(404, "{}");
    auto body = nlohmann::json::parse(what.body);
    auto& metadata = body["metadata"];
    if (what.method == "POST") {
      if (object) return answer(409, "{}");
    } else {
      if (!object) return answer(404, "{}");
      if (metadata.value("resourceVersion", "") != (*object)["metadata"].value("resourceVersion", ""))
        return answer(409, "{}");
    }
    metadata["resourceVersion"] = std::to_string(++version);
    object = std::move(body);
    ++writes;
    return answer(what.method == "POST" ? 201 : 200, object->dump());
  }
  [[nodiscard]] std::string holder() const {
    return object ? (*object)["spec"].value("holderIdentity", "") : "";
  }
  // As if somebody else had written it.
  void put(const std::string& holder, int seconds_,
           const std::string& renewed = "2026-01-01T00:00:00.000000Z") {
    if (!object) object = {{"metadata", {{"name", "lease"}}}, {"spec", nlohmann::json::object()}};
    (*object)["spec"]["holderIdentity"] = holder;
    (*object)["spec"]["leaseDurationSeconds"] = seconds_;
    (*object)["spec"]["renewTime"] = renewed;
    (*object)["metadata"]["resourceVersion"] = std::to_string(++version);
  }

  std::optional<nlohmann::json> object;
  int version = 100, writes = 0;
  bool down = false;
};

// Simulated time. The thread that runs hands over to the one whose time comes next.
class Simulation {
 public:
  // Ends the threads that were started; their waits return at once from here on.
  void finish() {
    finished_ = true;
    wait(std::chrono::hours(24 * 365));
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] Duration now() const { return now_; }

  // From a running thread: lets the others go on until then. False: the simulation is over.
  bool wait(Duration duration) {
    std::unique_lock lock(mutex_);
    Turn mine;
    waiting_.emplace(Key{now_ + std::max(Duration::zero(), duration), ++sequence_}, Entry{&mine, nullptr});
    hand_over(lock);
    mine.wait(lock);
    return !finished_;
  }
  // Calls `event` then, whoever runs.
  void at(Duration when, std::function<void()> event) {
    const std::unique_lock lock(mutex_);
    waiting_.emplace(Key{std::max(now_, when), ++sequence_}, Entry{nullptr, std::move(event)});
  }
  // Runs from now on, when the caller waits.
  void start(std::function<void()> body) {
    const std::unique_lock lock(mutex_);
    auto turn = std::make_shared<Turn>();
    waiting_.emplace(Key{now_, ++sequence_}, Entry{turn.get(), nullptr});
    threads_.emplace_back([this, turn, body = std::move(body)] {
      {
        std::unique_lock inner(mutex_);
        turn->wait(inner);
      }
      body();
      std::unique_lock inner(mutex_);
      hand_over(inner);
    });
  }

 private:
  using Key = std::pair<Duration, uint64_t>;
  struct Turn {
    void wait(std::unique_lock<std::mutex>& lock) {
      come.wait(lock, [this] { return mine; });
    }
    std::condition_variable come;
    bool mine = false;
  };
  struct Entry {
    Turn* turn;
    std::function<void()> event;
  };
  void hand_over(std::unique_lock<std::mutex>& lock) {
    while (!waiting_.empty()) {
      const auto first = waiting_.extract(waiting_.begin());
      now_ = std::max(now_, first.key().first);
      if (first.mapped().turn != nullptr) {
        first.mapped().turn->mine = true;
        first.mapped().turn->come.notify_one();
        return;
      }
      lock.unlock();
      first.mapped().event();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::map<Key, Entry> waiting_;
  uint64_t sequence_ = 0;
  Duration now_ = std::chrono::hours(1);
  bool finished_ = false;
  std::vector<std::thread> threads_;
};

// What the network does to one call.
struct Fate {
  Duration up = milliseconds(2), down = milliseconds(2);
  bool lose_request = false, lose_answer = false;
  Duration stop_before{};  // the process is stopped for so long before the call begins
};

// A process: stopped, its threads stand still until it is continued.
class Process {
 public:
  explicit Process(Simulation& in) : sim(in) {}
  void wait(Duration duration) {
    sim.wait(duration);
    while ((stopped || sim.now() < stopped_until) && !sim.finished())
      sim.wait(stopped ? milliseconds(100) : stopped_until - sim.now());
  }
  Simulation& sim;
  bool stopped = false;
  Duration stopped_until{};
};

class FakeClock : public Clock {
 public:
  FakeClock(Process& process, Duration boot, Duration wall) : process_(process), boot_(boot), wall_(wall) {}
  [[nodiscard]] BootTime now() const override { return BootTime(process_.sim.now() + boot_); }
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override {
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(seconds(1'790'000'000) +
                                                                        process_.sim.now() + wall_));
  }
  bool sleep(Duration duration, const CancelToken&) const override {
    process_.wait(duration);
    return process_.sim.finished();
  }

 private:
  Process& process_;
  const Duration boot_, wall_;
};

class Network : public kube::Api {
 public:
  explicit Network(Process& process) : process_(process) {}

  kube::Answer call(const kube::Call& what, const CancelToken&) override {
    Simulation& sim = process_.sim;
    const Fate fate_of_this = fate();
    if (fate_of_this.stop_before > Duration::zero()) {
      process_.stopped_until = sim.now() + fate_of_this.stop_before;
      process_.wait({});
    }
    if (what.permit && !what.permit()) return broken("not permitted");
    const Duration deadline = sim.now() + what.timeout;
    const auto answer = std::make_shared<std::optional<kube::Answer>>();
    const Duration arrives = std::min(sim.now() + fate_of_this.up, deadline + latest);
    const Duration back = arrives + fate_of_this.down;
    if (!fate_of_this.lose_request) sim.at(arrives, [this, what, answer] { *answer = server(what); });
    process_.wait(std::min(back, deadline) - sim.now());
    if (!*answer || fate_of_this.lose_answer || back > sim.now()) {
      process_.wait(deadline - sim.now());
      return broken("no answer in time");
    }
    return **answer;
  }
  kube::Answer stream(const kube::Call&, milliseconds, const kube::BodySink&, const CancelToken&) override {
    return broken("not here");
  }
  std::function<Fate()> fate = [] { return Fate{}; };
  std::function<kube::Answer(const kube::Call&)> server;
  Duration latest = std::chrono::hours(1);  // how long after its timeout a request may yet arrive

 private:
  static kube::Answer broken(const char* why) {
    kube::Answer answer;
    answer.failure = Error{why, "", std::nullopt};
    return answer;
  }
  Process& process_;
};

class World;

class Candidate {
 public:
  Candidate(World& world, ElectionOptions options, Duration boot_offset, Duration wall_offset);
  [[nodiscard]] bool held() const { return tenure.held(clock.now()); }

  const std::string name;
  Process process;
  FakeClock clock;
  Tenure tenure;
  Network network;
  Election election;
  Election::Step last;
  bool leave = false;  // gives the lease back after the next step, and stands no more while it is set
  int starts = 0, ends = 0;

 private:
  void live(World& world);
};

class World {
 public:
  World() = default;
  ~World() { sim.finish(); }
  Candidate& add(ElectionOptions options, Duration boot_offset = {}, Duration wall_offset = {}) {
    candidates.push_back(std::make_unique<Candidate>(*this, std::move(options), boot_offset, wall_offset));
    return *candidates.back();
  }
  void pass(Duration duration) { sim.wait(duration); }
  [[nodiscard]] std::vector<std::string> holders() const {
    std::vector<std::string> names;
    for (const auto& c : candidates) {
      if (c->held()) names.push_back(c->name);
    }
    return names;
  }

  Simulation sim;
  LeaseServer server;
  std::vector<std::unique_ptr<Candidate>> candidates;
  std::function<void()> after_step;
  std::function<double()> chance = [] { return 0.5; };
};

inline Candidate::Candidate(World& world, ElectionOptions options, Duration boot_offset, Duration wall_offset)
    : name(options.identity),
      process(world.sim),
      clock(process, boot_offset, wall_offset),
      network(process),
      election(network, clock, tenure, std::move(options), [&world] { return world.chance(); }) {
  network.server = [&world](const kube::Call& what) { return world.server.serve(what); };
  world.sim.start([this, &world] { live(world); });
}

inline void Candidate::live(World& world) {
  while (!world.sim.finished()) {
    if (leave) {
      election.release(milliseconds(2'500));
      last = {};
      while (leave && !world.sim.finished()) process.wait(milliseconds(100));
      continue;
    }
    const bool led = last.leading;
    last = election.step({});
    if (last.leading && !led) ++starts;
    if (!last.leading && led) ++ends;
    if (world.after_step) world.after_step();
    process.wait(last.pause);
  }
}

inline ElectionOptions candidate(std::string identity) {
  ElectionOptions options;
  options.identity = std::move(identity);
  return options;
}

}  // namespace edp::leader::testing
