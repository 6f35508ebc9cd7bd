// std::mutex with the annotations that clang's -Wthread-safety checks: state that a lock guards is declared
// EDP_GUARDED_BY(mutex_), and a build with clang fails where it is touched without.
#pragma once

#include <condition_variable>
#include <mutex>

#ifdef __clang__
#define EDP_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define EDP_THREAD_ATTRIBUTE(x)
#endif
#define EDP_GUARDED_BY(x) EDP_THREAD_ATTRIBUTE(guarded_by(x))
#define EDP_REQUIRES(...) EDP_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))

namespace edp {

class EDP_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() EDP_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() EDP_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class EDP_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) EDP_THREAD_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() EDP_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits on a Mutex that the caller holds; write the condition as a loop around it, where the analysis sees
// it.
class CondVar {
 public:
  void wait(Mutex& mutex) EDP_REQUIRES(mutex) { cv_.wait(mutex); }
  // False when the time has come.
  template <typename Clock, typename Duration>
  bool wait_until(Mutex& mutex, const std::chrono::time_point<Clock, Duration>& when) EDP_REQUIRES(mutex) {
    return cv_.wait_until(mutex, when) == std::cv_status::no_timeout;
  }
  void notify_all() { cv_.notify_all(); }

 private:
  std::condition_variable_any cv_;
};

}  // namespace edp
