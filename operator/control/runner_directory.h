// Which pod is the runner of which run: written by the control thread, read by the report service's.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "common/mutex.h"
#include "operator/serve/report_service.h"
#include "operator/watch/records.h"

namespace edp::control {

class Directory final : public serve::RunnerDirectory {
 public:
  std::optional<serve::RunnerIdentity> find(const std::string& pod_ns, const std::string& pod_name,
                                            const std::string& pod_uid) override {
    const MutexLock lock(mutex_);
    const auto found = runners_.find({pod_ns, pod_name, pod_uid});
    if (found == runners_.end()) return std::nullopt;
    return found->second;
  }

  void put(const watch::PodRecord& pod, serve::RunnerIdentity identity) {
    const MutexLock lock(mutex_);
    runners_[{pod.ns.str(), pod.name, pod.uid}] = std::move(identity);
  }
  void drop(const watch::PodRecord& pod) {
    const MutexLock lock(mutex_);
    runners_.erase({pod.ns.str(), pod.name, pod.uid});
  }

  // Jobs and pods have been listed: whoever isn't here is no runner.
  bool ready() override { return ready_; }
  void set_ready() { ready_ = true; }

 private:
  std::atomic<bool> ready_ = false;
  Mutex mutex_;
  std::map<std::tuple<std::string, std::string, std::string>, serve::RunnerIdentity> runners_
      EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::control
