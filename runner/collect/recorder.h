// Inside of collect: what becomes of one target, gathered from many threads.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/http.h"
#include "common/mutex.h"
#include "runner/collect/collect.h"

namespace edp::collect {

// Serialises the progress callback over all targets.
class Reporter {
 public:
  explicit Reporter(const ProgressFn& progress) : progress_(progress) {}
  void report(const Progress& progress);

 private:
  Mutex mutex_;
  const ProgressFn& progress_;
};

// One request or file, ended.
struct Attempt {
  std::string outcome = "ok";
  std::string message;
  double seconds = 0;
  uint64_t bytes = 0;
};

// "timeout", "cancelled", "absent" or "failed".
std::string_view outcome_of(http::FailureKind kind);

class Recorder {
 public:
  // Borrows the context and the reporter.
  Recorder(TargetSpec target, const CollectPlan& plan, const CollectContext& context, Reporter& reporter);

  [[nodiscard]] const std::string& target_name() const { return result_name_; }
  [[nodiscard]] double now() const;  // seconds since the run began

  void started(std::string_view collector);
  void bytes(std::string_view collector, uint64_t so_far);  // throttle before
  // False when the target's total is used up; the bytes then don't count.
  bool take(uint64_t bytes);
  [[nodiscard]] uint64_t left() const { return left_.load(); }

  void keep(Collected artefact);
  void finished(std::string_view collector, Attempt attempt);
  void set_mutex_fraction(int64_t fraction);
  void set_error(Error error);
  // Whether every attempt so far found that the target does not have it.
  [[nodiscard]] bool is_absent(std::string_view collector);

  // `order`: of the outcomes. Once, at the end.
  TargetCollection take_result(const std::vector<std::string>& order);

 private:
  const std::string result_name_;
  const CollectContext& context_;
  Reporter& reporter_;
  std::atomic<uint64_t> left_;
  Mutex mutex_;
  TargetCollection result_ EDP_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<Attempt>, std::less<>> attempts_ EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::collect
