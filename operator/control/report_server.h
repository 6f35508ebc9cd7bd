// The report service, the webhook and the ops endpoints, put together from the configuration.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/cancel.h"
#include "operator/control/config.h"
#include "operator/kube/api.h"
#include "operator/publish/health.h"
#include "operator/publish/metrics.h"
#include "operator/serve/alerts.h"
#include "operator/serve/forwarder.h"
#include "operator/serve/report_service.h"

namespace edp::control {

struct ServerHooks {
  std::function<bool()> is_leader;
  std::function<std::optional<serve::LeaderAddress>()> leader;
  std::function<void(std::vector<serve::Alert>)> on_alerts;
  audit::Journal* journal = nullptr;  // borrowed
};

class Servers {
 public:
  // All borrowed. `api` is not fenced: reviews change nothing, and every replica may ask for them.
  static Result<std::unique_ptr<Servers>> start(const Config& config, kube::Api& api,
                                                serve::RunnerDirectory& runners, publish::Metrics& metrics,
                                                publish::Health& health, const ServerHooks& hooks);
  ~Servers();
  Servers(const Servers&) = delete;
  Servers& operator=(const Servers&) = delete;

  // Null: there is no report service.
  serve::ReportStore* store();

  // Removes reports that are too old; may take minutes.
  void sweep(const CancelToken& cancel);
  // Room and health of the store, for the metrics.
  void measure();
  void stop();

 private:
  struct Impl;
  explicit Servers(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::control
