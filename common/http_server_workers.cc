#include "common/http_server_workers.h"

#include <openssl/crypto.h>

#include <system_error>
#include <utility>

namespace edp::http {

Workers::Workers(Options options, std::function<bool(Connection&)> serve,
                 std::function<void(ConnectionPtr)> give_back)
    : options_(options), serve_(std::move(serve)), give_back_(std::move(give_back)) {}

Workers::~Workers() { finish(); }

bool Workers::add(ConnectionPtr connection) {
  const MutexLock lock(mutex_);
  if (stop_ || waiting_.size() >= options_.max_waiting) return false;
  if (idle_threads_ <= waiting_.size() && threads_.size() < options_.threads) {
    try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) {
      if (threads_.empty()) return false;  // else those that there are must do
    }
  }
  waiting_.push_back(std::move(connection));
  work_.notify_all();
  return true;
}

// The first whose peer does not hold too many workers already.
std::list<ConnectionPtr>::iterator Workers::next() {
  for (auto it = waiting_.begin(); it != waiting_.end(); ++it) {
    const auto busy = busy_by_peer_.find((*it)->channel->peer());
    if (busy == busy_by_peer_.end() || busy->second < options_.per_peer) return it;
  }
  return waiting_.end();
}

void Workers::run() {
  while (true) {
    ConnectionPtr connection;
    {
      const MutexLock lock(mutex_);
      ++idle_threads_;
      auto it = next();
      while (!stop_ && it == waiting_.end()) {
        work_.wait(mutex_);
        it = next();
      }
      --idle_threads_;
      if (stop_) break;
      connection = std::move(*it);
      waiting_.erase(it);
      busy_.insert(connection->channel.get());
      ++busy_by_peer_[connection->channel->peer()];
    }
    const bool keep = serve_(*connection);
    {
      const MutexLock lock(mutex_);
      busy_.erase(connection->channel.get());
      const auto peer = busy_by_peer_.find(connection->channel->peer());
      if (--peer->second == 0) busy_by_peer_.erase(peer);
      if (!waiting_.empty()) work_.notify_all();
      idle_.notify_all();
    }
    if (keep) give_back_(std::move(connection));
  }
  OPENSSL_thread_stop();
}

void Workers::expire(Channel::Clock::time_point now) {
  std::list<ConnectionPtr> expired;
  const MutexLock lock(mutex_);
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    const auto here = it++;
    if ((*here)->until <= now) expired.splice(expired.end(), waiting_, here);
  }
}

bool Workers::drain(Channel::Clock::time_point deadline) {
  const MutexLock lock(mutex_);
  while (!waiting_.empty() || !busy_.empty()) {
    if (!idle_.wait_until(mutex_, deadline)) return waiting_.empty() && busy_.empty();
  }
  return true;
}

void Workers::finish() {
  std::vector<std::thread> threads;
  std::list<ConnectionPtr> waiting;
  {
    const MutexLock lock(mutex_);
    stop_ = true;
    threads.swap(threads_);
    waiting.swap(waiting_);
    for (const Channel* channel : busy_) channel->abort();
    work_.notify_all();
  }
  for (auto& thread : threads) thread.join();
}

Workers::Counts Workers::counts() {
  const MutexLock lock(mutex_);
  return {busy_.size(), waiting_.size(), threads_.size()};
}

}  // namespace edp::http
