#include "operator/probe/prober.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <deque>
#include <limits>
#include <queue>
#include <random>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>

#include "common/mutex.h"
#include "operator/probe/attempt.h"

namespace edp::probe {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kDrainTime = std::chrono::milliseconds(500);
constexpr uint32_t kWake = std::numeric_limits<uint32_t>::max();

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeContext>;

// Like the kubelet's: whatever certificate the pod shows. Nothing secret is sent.
TlsContext tls_context() {
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return context;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_security_level(context.get(), 0);  // small keys, too
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context.get(), 64 << 10);
  return context;
}

struct SetAll {
  std::vector<Target> targets;
};
struct Remove {
  std::string key;
};
using Command = std::variant<SetAll, Target, Remove>;

// A target and its place in the schedule. Places in the heap and the queues carry the generation of their
// time, and are void when it has moved on.
struct Entry {
  Target target;
  uint32_t generation = 0;
  bool used = false, probing = false, seen = false;
};
struct Place {
  Clock::time_point due;
  uint32_t entry = 0, generation = 0;
  bool operator>(const Place& other) const { return due > other.due; }
};
struct Running {
  std::unique_ptr<Attempt> attempt;  // null: free
  uint32_t entry = 0, generation = 0;
  bool tls = false, told = false, writing = false;
  Clock::time_point deadline;
  int64_t when = 0;
};

}  // namespace

struct Prober::Impl {
  const ProberOptions options;
  const ResultSink sink;
  Fd epoll, wake;
  TlsContext tls;
  std::thread thread;
  std::atomic<bool> stop{false};
  std::atomic<size_t> targets{0}, sockets{0};
  std::atomic<uint64_t> probes{0}, results_told{0};
  std::atomic<double> lag{0};

  Mutex mutex;
  std::vector<Command> inbox EDP_GUARDED_BY(mutex);

  // The rest is the thread's.
  std::mt19937_64 random;
  std::vector<Entry> entries;
  std::vector<uint32_t> free_entries;
  std::unordered_map<std::string, uint32_t> by_key;
  std::priority_queue<Place, std::vector<Place>, std::greater<>> schedule;
  std::deque<Place> ready, ready_tls;  // due, but no socket was free
  std::vector<Running> running;
  std::vector<uint32_t> free_running;
  size_t running_tls = 0;
  std::vector<ProbeResult> results;
  Clock::time_point first_result;

  Impl(ProberOptions how, ResultSink to)
      : options(std::move(how)),
        sink(std::move(to)),
        random(options.seed != 0 ? options.seed : std::random_device{}()) {}

  Result<void> open();
  void post(Command command);
  void run();

  void obey(Command& command);
  void upsert(Target target);
  void remove(uint32_t entry);
  void plan(uint32_t entry, Clock::time_point after, double from, double to);
  [[nodiscard]] bool valid(const Place& place) const {
    return entries[place.entry].used && entries[place.entry].generation == place.generation;
  }
  void take_due(Clock::time_point now);
  void begin_ready(Clock::time_point now);
  void begin(const Place& place, Clock::time_point now);
  void settle(uint32_t slot, Attempt::Wants wants, Clock::time_point now, bool added);
  void tell(Running& of, const Attempt& attempt, Clock::time_point now);
  void end(uint32_t slot);
  void expire(Clock::time_point now);
  void hand_over(Clock::time_point now);
  [[nodiscard]] int pause(Clock::time_point now) const;
};

Result<void> Prober::Impl::open() {
  const auto failed = [](const char* what) {
    return fail(std::string(what) + ": " + std::generic_category().message(errno), "prober");
  };
  epoll = Fd(epoll_create1(EPOLL_CLOEXEC));
  if (epoll.get() < 0) return failed("epoll_create1");
  wake = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake.get() < 0) return failed("eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = kWake;
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) return failed("epoll_ctl");
  tls = tls_context();
  if (!tls) return fail("no TLS", "prober");
  running.resize(std::max<size_t>(options.max_sockets, 1));
  for (size_t i = running.size(); i > 0; --i) free_running.push_back(static_cast<uint32_t>(i - 1));
  return {};
}

void Prober::Impl::post(Command command) {
  {
    const MutexLock lock(mutex);
    inbox.push_back(std::move(command));
  }
  const uint64_t one = 1;
  (void)!write(wake.get(), &one, sizeof one);
}

void Prober::Impl::plan(uint32_t entry, Clock::time_point after, double from, double to) {
  const double factor = std::uniform_real_distribution<double>(from, to)(random);
  const auto interval =
      std::max<std::chrono::milliseconds>(entries[entry].target.interval, std::chrono::milliseconds(1));
  schedule.push({after + std::chrono::duration_cast<Clock::duration>(interval * factor), entry,
                 entries[entry].generation});
}

void Prober::Impl::upsert(Target target) {
  uint32_t index = 0;
  if (const auto found = by_key.find(target.key); found != by_key.end()) {
    index = found->second;
    entries[index].seen = true;
    if (entries[index].target == target) return;
    ++entries[index].generation;
    entries[index].probing = false;
  } else {
    if (free_entries.empty()) {
      index = static_cast<uint32_t>(entries.size());
      entries.emplace_back();
    } else {
      index = free_entries.back();
      free_entries.pop_back();
    }
    by_key.emplace(target.key, index);
  }
  Entry& entry = entries[index];
  entry.used = entry.seen = true;
  entry.target = std::move(target);
  plan(index, Clock::now(), 0, 1);
}

void Prober::Impl::remove(uint32_t index) {
  Entry& entry = entries[index];
  by_key.erase(entry.target.key);
  entry.target = Target{};
  entry.used = entry.probing = false;
  ++entry.generation;
  free_entries.push_back(index);
}

void Prober::Impl::obey(Command& command) {
  if (auto* all = std::get_if<SetAll>(&command)) {
    for (Entry& entry : entries) entry.seen = false;
    for (Target& target : all->targets) upsert(std::move(target));
    for (uint32_t i = 0; i < entries.size(); ++i) {
      if (entries[i].used && !entries[i].seen) remove(i);
    }
  } else if (auto* target = std::get_if<Target>(&command)) {
    upsert(std::move(*target));
  } else if (const auto found = by_key.find(std::get<Remove>(command).key); found != by_key.end()) {
    remove(found->second);
  }
  targets = by_key.size();
}

void Prober::Impl::take_due(Clock::time_point now) {
  while (!schedule.empty() && schedule.top().due <= now) {
    const Place place = schedule.top();
    schedule.pop();
    if (!valid(place)) continue;
    (entries[place.entry].target.kind == Kind::kHttps ? ready_tls : ready).push_back(place);
  }
}

void Prober::Impl::begin_ready(Clock::time_point now) {
  while (!free_running.empty()) {
    const bool tls_first = !ready_tls.empty() && running_tls < std::max<size_t>(options.max_tls, 1) &&
                           (ready.empty() || ready_tls.front().due < ready.front().due);
    std::deque<Place>& from = tls_first ? ready_tls : ready;
    if (from.empty()) return;
    const Place place = from.front();
    from.pop_front();
    if (valid(place)) begin(place, now);
  }
}

void Prober::Impl::begin(const Place& place, Clock::time_point now) {
  Entry& entry = entries[place.entry];
  // From when it should have begun, so that a busy moment moves nothing; what was missed altogether is left
  // out.
  plan(place.entry, std::max(place.due, now - entry.target.interval), 1 - options.jitter, 1 + options.jitter);
  if (entry.probing) return;
  lag.store(std::chrono::duration<double>(now - place.due).count(), std::memory_order_relaxed);
  probes.fetch_add(1, std::memory_order_relaxed);
  const uint32_t slot = free_running.back();
  free_running.pop_back();
  Running& run = running[slot];
  run.entry = place.entry;
  run.generation = place.generation;
  run.tls = entry.target.kind == Kind::kHttps;
  run.told = run.writing = false;
  run.deadline = now + entry.target.timeout;
  run.when =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  run.attempt = std::make_unique<Attempt>(entry.target, options.user_agent, tls.get(), now);
  running_tls += run.tls ? 1 : 0;
  entry.probing = true;
  sockets.fetch_add(1, std::memory_order_relaxed);
  if (options.filter && options.filter(entry.target)) {
    run.attempt->refuse(now);
    settle(slot, Attempt::Wants::kNothing, now, false);
  } else {
    settle(slot, run.attempt->begin(), now, false);
  }
}

// Tells what is known by now, and waits for what the attempt wants next.
void Prober::Impl::settle(uint32_t slot, Attempt::Wants wants, Clock::time_point now, bool added) {
  Running& run = running[slot];
  if (run.attempt->decided() && !run.told) {
    tell(run, *run.attempt, now);
    run.deadline = std::min(run.deadline, now + kDrainTime);
  }
  if (wants == Attempt::Wants::kNothing) return end(slot);
  const bool writing = wants == Attempt::Wants::kWrite;
  if (added && writing == run.writing) return;
  epoll_event event{};
  event.events = writing ? EPOLLOUT : EPOLLIN;
  event.data.u32 = slot;
  run.writing = writing;
  if (epoll_ctl(epoll.get(), added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, run.attempt->fd(), &event) != 0) {
    run.attempt->give_up(now);
    if (!run.told) tell(run, *run.attempt, now);
    end(slot);
  }
}

void Prober::Impl::tell(Running& of, const Attempt& attempt, Clock::time_point now) {
  of.told = true;
  results_told.fetch_add(1, std::memory_order_relaxed);
  Entry& entry = entries[of.entry];
  if (!entry.used || entry.generation != of.generation) return;
  entry.probing = false;
  ProbeResult result;
  result.key = entry.target.key;
  result.ns = entry.target.ns;
  result.workload = entry.target.workload;
  result.when = of.when;
  result.ok = attempt.ok();
  result.status = attempt.status();
  result.error = attempt.error();
  result.latency = attempt.latency();
  if (results.empty()) first_result = now;
  results.push_back(std::move(result));
}

void Prober::Impl::end(uint32_t slot) {
  Running& run = running[slot];
  running_tls -= run.tls ? 1 : 0;
  run.attempt.reset();  // closes the socket, which leaves the epoll set by that
  free_running.push_back(slot);
  sockets.fetch_sub(1, std::memory_order_relaxed);
}

void Prober::Impl::expire(Clock::time_point now) {
  for (uint32_t slot = 0; slot < running.size(); ++slot) {
    Running& run = running[slot];
    if (!run.attempt) continue;
    const bool gone = !entries[run.entry].used || entries[run.entry].generation != run.generation;
    if (!gone && now < run.deadline) continue;
    run.attempt->time_out(now);
    if (!run.told) tell(run, *run.attempt, now);
    end(slot);
  }
}

void Prober::Impl::hand_over(Clock::time_point now) {
  if (results.empty() || (results.size() < options.batch && now < first_result + options.batch_delay)) return;
  std::vector<ProbeResult> batch;
  batch.swap(results);
  sink(std::move(batch));
}

// Milliseconds, rounded up.
int Prober::Impl::pause(Clock::time_point now) const {
  Clock::time_point next = now + std::chrono::minutes(1);
  if (!schedule.empty()) next = std::min(next, schedule.top().due);
  if (!results.empty()) next = std::min(next, first_result + options.batch_delay);
  for (const Running& run : running) {
    if (run.attempt) next = std::min(next, run.deadline);
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

void Prober::Impl::run() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);  // OpenSSL writes without MSG_NOSIGNAL
  std::array<epoll_event, 128> events{};
  while (!stop) {
    const int count =
        epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), pause(Clock::now()));
    Clock::time_point now = Clock::now();
    bool woken = false;
    for (int i = 0; i < count; ++i) {
      const uint32_t slot = events[static_cast<size_t>(i)].data.u32;
      if (slot == kWake) {
        woken = true;
      } else if (running[slot].attempt) {
        settle(slot, running[slot].attempt->go_on(Clock::now()), now, true);
      }
    }
    if (woken) {
      uint64_t ignored = 0;
      (void)!read(wake.get(), &ignored, sizeof ignored);
      std::vector<Command> commands;
      {
        const MutexLock lock(mutex);
        commands.swap(inbox);
      }
      for (Command& command : commands) obey(command);
    }
    now = Clock::now();
    expire(now);
    take_due(now);
    begin_ready(now);
    hand_over(now);
  }
}

Prober::Prober(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Prober::~Prober() {
  impl_->stop = true;
  const uint64_t one = 1;
  (void)!write(impl_->wake.get(), &one, sizeof one);
  if (impl_->thread.joinable()) impl_->thread.join();
}

Result<std::unique_ptr<Prober>> Prober::start(ProberOptions options, ResultSink sink) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(sink));
  if (auto opened = impl->open(); !opened) return tl::unexpected(opened.error());
  Impl* raw = impl.get();
  try {
    impl->thread = std::thread([raw] { raw->run(); });
  } catch (const std::system_error& error) {
    return fail(error.what(), "prober");
  }
  return std::unique_ptr<Prober>(new Prober(std::move(impl)));
}

void Prober::set_targets(std::vector<Target> targets) { impl_->post(SetAll{std::move(targets)}); }
void Prober::upsert(Target target) { impl_->post(std::move(target)); }
void Prober::remove(std::string_view key) { impl_->post(Remove{std::string(key)}); }

Prober::Stats Prober::stats() const {
  Stats stats;
  stats.targets = impl_->targets;
  stats.sockets = impl_->sockets;
  stats.probes = impl_->probes;
  stats.results = impl_->results_told;
  stats.lag_seconds = impl_->lag;
  return stats;
}

}  // namespace edp::probe
