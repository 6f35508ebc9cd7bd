// The six watches, a thread each.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/control/inbox.h"
#include "operator/kube/api.h"
#include "operator/watch/informer.h"

namespace edp::control {

class Watches {
 public:
  // All borrowed. `jobs_ns` empty: the Jobs of all namespaces, where runners may work on targets' nodes.
  Watches(kube::Api& api, const std::string& jobs_ns, const std::string& quota_ns, Inbox& inbox);
  ~Watches();
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  void start();
  void stop();
  // "pods", "jobs", "diagnosticruns", "diagnosticprofiles", "diagnosticpolicies", "resourcequotas".
  [[nodiscard]] std::vector<std::pair<std::string_view, watch::Health>> health() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::control
