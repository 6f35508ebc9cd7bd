#include "common/cancel.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <map>
#include <thread>
#include <utility>

#include "common/mutex.h"

namespace edp {

struct CancelToken::State {
  std::atomic<bool> cancelled{false};
  Mutex mutex;
  CondVar wake;
  uint64_t next_id EDP_GUARDED_BY(mutex) = 1;
  std::map<uint64_t, std::function<void()>> callbacks EDP_GUARDED_BY(mutex);
};

CancelToken::CancelToken() : state_(std::make_shared<State>()) {}

void CancelToken::cancel() const {
  // Callbacks run under the lock, so that a Subscription's destructor, which takes it, waits for them.
  const MutexLock lock(state_->mutex);
  if (state_->cancelled.exchange(true)) return;
  state_->wake.notify_all();
  for (const auto& [id, callback] : state_->callbacks) callback();
  state_->callbacks.clear();
}

bool CancelToken::cancelled() const { return state_->cancelled.load(); }

bool CancelToken::sleep_until(Clock::time_point when) const {
  const MutexLock lock(state_->mutex);
  while (!state_->cancelled.load()) {
    if (!state_->wake.wait_until(state_->mutex, when) && Clock::now() >= when) break;
  }
  return state_->cancelled.load();
}

bool CancelToken::sleep_for(Clock::duration duration) const { return sleep_until(Clock::now() + duration); }

CancelToken::Subscription CancelToken::on_cancel(std::function<void()> callback) const {
  Subscription subscription;
  const MutexLock lock(state_->mutex);
  if (state_->cancelled.load()) {
    callback();
    return subscription;
  }
  subscription.state_ = state_;
  subscription.id_ = state_->next_id++;
  state_->callbacks.emplace(subscription.id_, std::move(callback));
  return subscription;
}

CancelToken::Subscription::Subscription(Subscription&& other) noexcept
    : state_(std::move(other.state_)), id_(other.id_) {}

CancelToken::Subscription& CancelToken::Subscription::operator=(Subscription&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(id_, other.id_);
  return *this;
}

CancelToken::Subscription::~Subscription() {
  if (!state_) return;
  const MutexLock lock(state_->mutex);
  state_->callbacks.erase(id_);
}

namespace {

// All that the handler touches: lock-free atomics and a pipe.
std::atomic<int> g_pipe_write{-1};
std::atomic<int> g_signal{0};

struct OldActions {
  struct sigaction interrupt, terminate;
};
OldActions g_old;

extern "C" void edp_on_signal(int number) {
  const int saved = errno;
  int none = 0;
  if (g_signal.compare_exchange_strong(none, number)) {
    const char byte = 1;
    // A pipe that is full or gone has been read or is being torn down: nothing is lost.
    if (write(g_pipe_write.load(), &byte, 1) < 0) errno = saved;
  } else {
    // The second one: give the signal back its old meaning and send it again.
    const struct sigaction* old = number == SIGINT ? &g_old.interrupt : &g_old.terminate;
    sigaction(number, old, nullptr);
    (void)raise(number);
  }
  errno = saved;
}

}  // namespace

struct SignalCancel::Impl {
  std::array<int, 2> pipe{-1, -1};
  std::thread reader;
};

SignalCancel::SignalCancel(CancelToken token) : impl_(std::make_unique<Impl>()) {
  if (pipe2(impl_->pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    return;  // out of descriptors: signals end the process
  g_signal.store(0);
  g_pipe_write.store(impl_->pipe[1]);

  impl_->reader = std::thread([token = std::move(token), fd = impl_->pipe[0]] {
    for (;;) {
      pollfd wait{fd, POLLIN, 0};
      if (poll(&wait, 1, -1) < 0 && errno == EINTR) continue;
      char byte = 0;
      if (read(fd, &byte, 1) < 0 && errno == EAGAIN) continue;
      break;
    }
    // The destructor writes to the pipe as well, to end this thread.
    if (g_signal.load() != 0) token.cancel();
  });

  struct sigaction action{};
  action.sa_handler = edp_on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &g_old.interrupt);
  sigaction(SIGTERM, &action, &g_old.terminate);
}

SignalCancel::~SignalCancel() {
  if (!impl_->reader.joinable()) return;
  sigaction(SIGINT, &g_old.interrupt, nullptr);
  sigaction(SIGTERM, &g_old.terminate, nullptr);
  const char byte = 0;
  while (write(impl_->pipe[1], &byte, 1) < 0 && errno == EINTR) {
  }
  impl_->reader.join();
  g_pipe_write.store(-1);
  close(impl_->pipe[0]);
  close(impl_->pipe[1]);
}

int SignalCancel::signal() const { return g_signal.load(); }

}  // namespace edp
