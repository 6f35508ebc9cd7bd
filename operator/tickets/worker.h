// The ticket worker: one thread of the leader's that keeps the DiagnosticTickets, and the tracker, up to
// date. It asks for time to act before each write, so that of two replicas one acts; it never holds control
// up.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/cancel.h"
#include "operator/kube/api.h"
#include "operator/publish/metrics.h"
#include "operator/tickets/tracker.h"
#include "operator/watch/records.h"

namespace edp::tickets {

// A run that ended with a CRITICAL, or that validates a ticket.
struct RunEnded {
  std::string ns, name, uid, validates;
  int64_t created = 0, completed = 0;
  bool succeeded = false;
  std::string failure;  // why not
  std::string report_url;
  std::vector<std::string> alerts;
  Checks checks;
  struct Target {
    std::string pod, uid, digest;
    std::string kind, workload;
    bool succeeded = false;
  };
  std::vector<Target> targets;
  std::vector<watch::WorstFinding> worst;
};

struct WorkerOptions {
  Rules rules;
  int64_t poll = 20, list = 15;  // seconds
  size_t queue = 1024;
  std::string key_file;  // signs validations; empty: nothing can be validated
  std::string instance;  // this replica, in Events
};

struct Outside {
  std::function<bool()> leading;
  // The stored report of a target; nothing where there is none. An error: try again later.
  std::function<Result<std::optional<std::string>>(const RunEnded& run, const RunEnded::Target& target)>
      report;
};

class Worker {
 public:
  // `api` (fenced) and `metrics` are borrowed.
  Worker(WorkerOptions options, kube::Api& api, std::unique_ptr<Tracker> tracker, publish::Metrics& metrics,
         Outside outside, CancelToken stop);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  // From any thread; false: the queue is full, offer it again later.
  bool offer(RunEnded run);
  // The options' token has been cancelled: waits for the thread.
  void join();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edp::tickets
