// Positive answers, for a few seconds: bounded, oldest out first.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/mutex.h"

namespace edp::serve {

template <typename Value>
class ReviewCache {
 public:
  using Time = std::chrono::steady_clock::time_point;
  ReviewCache(std::chrono::seconds keep, size_t most) : keep_(keep), most_(most) {}

  std::optional<Value> find(const std::string& key, Time now) {
    const MutexLock lock(mutex_);
    const auto it = entries_.find(key);
    if (it == entries_.end() || it->second.until <= now) return std::nullopt;
    return it->second.value;
  }

  void put(const std::string& key, Value value, Time now) {
    if (keep_.count() <= 0 || most_ == 0) return;
    const MutexLock lock(mutex_);
    // All live equally long, so the order of arrival is that of leaving.
    while (!order_.empty() && (order_.size() >= most_ || order_.front().second <= now)) {
      const auto it = entries_.find(order_.front().first);
      if (it != entries_.end() && it->second.until == order_.front().second) entries_.erase(it);
      order_.pop_front();
    }
    const Time until = now + keep_;
    entries_[key] = Entry{std::move(value), until};
    order_.emplace_back(key, until);
  }

  size_t size() {
    const MutexLock lock(mutex_);
    return entries_.size();
  }

 private:
  struct Entry {
    Value value;
    Time until;
  };
  const std::chrono::seconds keep_;
  const size_t most_;
  Mutex mutex_;
  std::map<std::string, Entry> entries_ EDP_GUARDED_BY(mutex_);
  std::deque<std::pair<std::string, Time>> order_ EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::serve
