// What reaches the control thread, in one bounded queue: who is faster than the controller waits, so that a
// list of ten thousand pods is never held twice.
#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/mutex.h"
#include "operator/act/actor.h"
#include "operator/probe/prober.h"
#include "operator/serve/alerts.h"
#include "operator/watch/delta.h"
#include "operator/watch/records.h"

namespace edp::control {

struct LeadershipChanged {
  bool leading = false;
};

using Message =
    std::variant<watch::Delta<watch::PodRecord>, watch::Delta<watch::JobRecord>,
                 watch::Delta<watch::RunRecord>, watch::Delta<watch::ProfileRecord>,
                 watch::Delta<watch::PolicyRecord>, watch::Delta<watch::QuotaRecord>, LeadershipChanged,
                 act::Outcome, std::vector<probe::ProbeResult>, std::vector<serve::Alert>>;

class Inbox {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Inbox(size_t capacity) : capacity_(capacity) {}

  // Waits for room; a closed inbox drops what comes.
  void push(Message message) {
    const MutexLock lock(mutex_);
    while (messages_.size() >= capacity_ && !closed_) changed_.wait(mutex_);
    if (closed_) return;
    messages_.push_back(std::move(message));
    changed_.notify_all();
  }

  // Everything that is there; waits for the first one until `until`.
  [[nodiscard]] std::deque<Message> take(Clock::time_point until) {
    const MutexLock lock(mutex_);
    while (messages_.empty() && !closed_) {
      if (!changed_.wait_until(mutex_, until)) break;
    }
    changed_.notify_all();
    return std::exchange(messages_, {});
  }

  // Nobody waits any more.
  void close() {
    const MutexLock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] bool closed() {
    const MutexLock lock(mutex_);
    return closed_;
  }

 private:
  const size_t capacity_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Message> messages_ EDP_GUARDED_BY(mutex_);
  bool closed_ EDP_GUARDED_BY(mutex_) = false;
};

}  // namespace edp::control
