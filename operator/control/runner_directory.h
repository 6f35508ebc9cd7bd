// Which pod is the runner of which run: written by the control thread, read by the report service's.
#pragma once

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

 private:
  Mutex mutex_;
  std::map<std::tuple<std::string, std::string, std::string>, serve::RunnerIdentity> runners_
      EDP_GUARDED_BY(mutex_);
};

}  // namespace edp::control
