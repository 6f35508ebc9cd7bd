// Inside of collect: runs tasks side by side, a bounded number at a time.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "common/mutex.h"

namespace edp::collect {

class TaskGroup {
 public:
  explicit TaskGroup(int parallel) : parallel_(parallel) {}
  // Waits for all tasks; they must end by themselves.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // The task must not throw. Runs on this thread where no other can be had.
  void add(std::function<void()> task);
  void wait();
  // False when tasks are still running at that time; they go on.
  bool wait_until(std::chrono::steady_clock::time_point when);

 private:
  void work();

  const int parallel_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> queue_ EDP_GUARDED_BY(mutex_);
  int busy_ EDP_GUARDED_BY(mutex_) = 0;     // tasks running
  int workers_ EDP_GUARDED_BY(mutex_) = 0;  // threads that have not ended
  std::vector<std::thread> threads_;        // touched by the owner only
};

}  // namespace edp::collect
