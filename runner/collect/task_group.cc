#include "runner/collect/task_group.h"

#include <system_error>
#include <utility>

namespace edp::collect {

TaskGroup::~TaskGroup() {
  wait();
  for (std::thread& thread : threads_) thread.join();
}

void TaskGroup::add(std::function<void()> task) {
  {
    const MutexLock lock(mutex_);
    queue_.push_back(std::move(task));
    if (workers_ >= parallel_) return;
    ++workers_;
  }
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    work();
  }
}

// Takes tasks until none is left, then ends: a task added later starts a thread of its own.
void TaskGroup::work() {
  for (;;) {
    std::function<void()> task;
    {
      const MutexLock lock(mutex_);
      if (queue_.empty()) {
        --workers_;
        changed_.notify_all();
        return;
      }
      task = std::move(queue_.front());
      queue_.pop_front();
      ++busy_;
    }
    task();
    const MutexLock lock(mutex_);
    --busy_;
    changed_.notify_all();
  }
}

void TaskGroup::wait() {
  const MutexLock lock(mutex_);
  while (busy_ > 0 || !queue_.empty()) changed_.wait(mutex_);
}

bool TaskGroup::wait_until(std::chrono::steady_clock::time_point when) {
  const MutexLock lock(mutex_);
  while (busy_ > 0 || !queue_.empty()) {
    if (!changed_.wait_until(mutex_, when) && std::chrono::steady_clock::now() >= when) {
      return busy_ == 0 && queue_.empty();
    }
  }
  return true;
}

}  // namespace edp::collect
